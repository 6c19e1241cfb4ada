// The peer: what an able team would put together today. Papa Parse reads the
// file, AG Grid Community shows it, and a loop checks every address for form
// and for being there once.
/* global Papa, agGrid */
document.getElementById('file').addEventListener('change', (event) => {
  const [file] = event.target.files;
  performance.mark('peer:file-chosen');
  Papa.parse(file, {
    header: true,
    skipEmptyLines: true,
    complete: ({ data, meta }) => {
      globalThis.peer = { data };
      const validate = () => {
        const seen = new Set();
        let problems = 0;
        const pattern = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;
        for (const row of data) {
          const email = row.email.trim().toLowerCase();
          if (email === '' || !pattern.test(email) || seen.has(email)) problems += 1;
          else seen.add(email);
        }
        globalThis.peer.problems = problems;
        performance.mark('peer:validated');
      };
      globalThis.peer.api = agGrid.createGrid(document.getElementById('grid'), {
        columnDefs: meta.fields.map((field) => ({ field, editable: true })),
        rowData: data,
        onFirstDataRendered: () => {
          // After the frame that shows the rows.
          requestAnimationFrame(() => {
            const channel = new MessageChannel();
            channel.port1.onmessage = () => {
              performance.mark('peer:first-rows');
              validate();
            };
            channel.port2.postMessage(0);
          });
        },
      });
    },
  });
});
