-- The catalog of all tenants and the shared items, by name.
CREATE INDEX catalog_items_all ON catalog_items (search_text, id);
