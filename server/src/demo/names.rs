//! Plausible names from many countries. A name in another script carries its Latin
//! form behind `=`, for the address.

/// A person's name, and what its address is made of.
pub(super) struct Person {
    /// As the person writes it.
    pub first: &'static str,
    /// As the person writes it.
    pub last: &'static str,
    /// In Latin letters.
    pub first_ascii: &'static str,
    /// In Latin letters.
    pub last_ascii: &'static str,
}

/// Ten first names and ten last names, a country a row.
const COUNTRIES: [(&str, &str); 24] = [
    (
        "Beatriz,João,Inês,Tiago,Mafalda,\
         Rui,Leonor,Nuno,Catarina,Simão",
        "Carvalho,Conceição,Fonseca,Gonçalves,Lourenço,\
         Magalhães,Nóbrega,Pacheco,Queirós,Simões",
    ),
    (
        "Lucía,Álvaro,Martina,Íñigo,Noa,\
         Gonzalo,Carmen,Jesús,Paula,Rubén",
        "Aguilar,Benítez,Domínguez,Echeverría,Ibáñez,\
         Muñoz,Peña,Sáez,Ureña,Zúñiga",
    ),
    (
        "Élodie,Rémi,Anaïs,Loïc,Maëlle,\
         Gaël,Océane,Théo,Zoé,Benoît",
        "Beauchêne,Chevallier,Delacroix,Fournier,Guérin,\
         Lefèvre,Marchand,Noël,Pelletier,Roussel",
    ),
    (
        "Jürgen,Käthe,Lukas,Sören,Mareike,\
         Björn,Annika,Uwe,Friederike,Götz",
        "Bäcker,Dörr,Großmann,Hübner,Köhler,\
         Löffler,Müller,Schäfer,Weiß,Zöllner",
    ),
    (
        "Giulia,Niccolò,Chiara,Matteo,Ilaria,\
         Davide,Noemi,Elia,Fiamma,Tommaso",
        "Bianchi,D'Angelo,Esposito,Ferrari,Galli,\
         Lombardi,Marchetti,Orlandi,Ricci,Vitale",
    ),
    (
        "Agnieszka,Łukasz,Małgorzata,Paweł,Zofia,\
         Michał,Świetlana,Grzegorz,Kasia,Wojciech",
        "Dąbrowska,Jabłoński,Kozłowska,Lewandowski,Mazur,\
         Nowak,Piątek,Sikora,Wójcik,Zieliński",
    ),
    (
        "Žaneta,Ondřej,Tereza,Jiří,Kateřina,\
         Matěj,Alžběta,Václav,Eliška,Štěpán",
        "Beneš,Černý,Dvořák,Fiala,Horák,\
         Králová,Novotný,Procházka,Růžička,Šimek",
    ),
    (
        "Astrid,Åsa,Erik,Freja,Gustav,\
         Ingrid,Jørgen,Liv,Øyvind,Sigrid",
        "Andersson,Bjørnstad,Dahl,Engström,Fjeld,\
         Håkansson,Kjær,Lindström,Sørensen,Øvergård",
    ),
    (
        "Aino,Eero,Helmi,Jukka,Kaisa,\
         Mikko,Päivi,Sauli,Tuuli,Väinö",
        "Heikkinen,Järvinen,Kärkkäinen,Laine,Mäkelä,\
         Nieminen,Pöllänen,Räsänen,Salmi,Virtanen",
    ),
    (
        "Ayşe,Çağlar,Deniz,Emre,Gülşen,\
         İbrahim,Kerem,Ömer,Şebnem,Zeynep",
        "Akçay,Bozkurt,Çelik,Demirbaş,Erdoğdu,\
         Güneş,Kılıç,Öztürk,Şahin,Yıldız",
    ),
    (
        "Ελένη=Eleni,Γιώργος=Giorgos,Κατερίνα=Katerina,Νίκος=Nikos,Σοφία=Sofia,\
         Δημήτρης=Dimitris,Μαρία=Maria,Πέτρος=Petros,Άννα=Anna,Θανάσης=Thanasis",
        "Αντωνίου=Antoniou,Βασιλείου=Vasileiou,Γεωργίου=Georgiou,Δήμου=Dimou,Ιωάννου=Ioannou,\
         Κώστα=Kosta,Μακρή=Makri,Νικολάου=Nikolaou,Παππά=Pappa,Σταύρου=Stavrou",
    ),
    (
        "Олена=Olena,Тарас=Taras,Ірина=Iryna,Богдан=Bohdan,Софія=Sofiia,\
         Андрій=Andrii,Марія=Mariia,Юрій=Yurii,Дарина=Daryna,Назар=Nazar",
        "Бондаренко=Bondarenko,Гончар=Honchar,Ковальчук=Kovalchuk,Лисенко=Lysenko,Мельник=Melnyk,\
         Павленко=Pavlenko,Савченко=Savchenko,Ткачук=Tkachuk,Шевчук=Shevchuk,Яременко=Yaremenko",
    ),
    (
        "ليلى=Layla,يوسف=Youssef,فاطمة=Fatima,كريم=Karim,نور=Nour,\
         سامي=Sami,هدى=Huda,طارق=Tariq,مريم=Maryam,زياد=Ziad",
        "الأحمد=Alahmad,بغدادي=Baghdadi,جابر=Jaber,حداد=Haddad,خليل=Khalil,\
         درويش=Darwish,سليمان=Suleiman,عثمان=Othman,منصور=Mansour,نجار=Najjar",
    ),
    (
        "נועה=Noa,איתי=Itai,תמר=Tamar,יונתן=Yonatan,שירה=Shira,\
         דניאל=Daniel,מיכל=Michal,עומר=Omer,יעל=Yael,אורי=Uri",
        "אברהם=Avraham,ביטון=Biton,גולן=Golan,דהן=Dahan,כהן=Cohen,\
         לוי=Levy,מזרחי=Mizrahi,פרץ=Peretz,רוזן=Rosen,שפירא=Shapira",
    ),
    (
        "Aarav,Ananya,Devika,Ishaan,Kavya,\
         Meera,Nikhil,Priya,Rohan,Tanvi",
        "Banerjee,Chatterjee,Deshpande,Gupta,Iyer,\
         Kulkarni,Nair,Patel,Reddy,Sharma",
    ),
    (
        "美咲=Misaki,翔太=Shota,陽菜=Hina,健一=Kenichi,さくら=Sakura,\
         大輔=Daisuke,結衣=Yui,拓也=Takuya,葵=Aoi,悠斗=Yuto",
        "伊藤=Ito,加藤=Kato,小林=Kobayashi,佐藤=Sato,鈴木=Suzuki,\
         高橋=Takahashi,中村=Nakamura,林=Hayashi,山田=Yamada,渡辺=Watanabe",
    ),
    (
        "伟=Wei,芳=Fang,秀英=Xiuying,敏=Min,静=Jing,\
         磊=Lei,洋=Yang,艳=Yan,杰=Jie,丽=Li",
        "陈=Chen,黄=Huang,李=Li,刘=Liu,孙=Sun,\
         王=Wang,吴=Wu,杨=Yang,张=Zhang,赵=Zhao",
    ),
    (
        "민준=Minjun,서연=Seoyeon,지훈=Jihoon,하은=Haeun,도윤=Doyun,\
         수빈=Subin,예준=Yejun,지우=Jiwoo,현우=Hyunwoo,유나=Yuna",
        "강=Kang,김=Kim,박=Park,송=Song,안=Ahn,\
         윤=Yoon,이=Lee,정=Jung,최=Choi,한=Han",
    ),
    (
        "Ánh,Bảo,Dũng,Hạnh,Khánh,\
         Linh,Minh,Ngọc,Phương,Tuấn",
        "Bùi,Đặng,Đỗ,Hoàng,Lê,\
         Ngô,Nguyễn,Phạm,Trần,Vũ",
    ),
    (
        "Adaeze,Babatunde,Chinedu,Folake,Ifeoma,\
         Kelechi,Ngozi,Olumide,Temitope,Yewande",
        "Abiodun,Balogun,Chukwu,Eze,Ibrahim,\
         Nwosu,Obi,Okonkwo,Okoro,Udo",
    ),
    (
        "Amara,Baraka,Chebet,Faraji,Imani,\
         Jabari,Kamau,Makena,Wanjiru,Zuberi",
        "Achieng,Kiprono,Macharia,Mutua,Mwangi,\
         Njoroge,Ochieng,Odhiambo,Wafula,Wambui",
    ),
    (
        "Ana Clara,Caetano,Débora,Felipe,Iara,\
         Luís,Moacir,Raíssa,Thaís,Vinícius",
        "Albuquerque,Barbosa,Cavalcanti,da Silva,Freitas,\
         Guimarães,Monteiro,Nascimento,Rezende,Vasconcelos",
    ),
    (
        "Aoife,Cillian,Fiona,Hamish,Isla,\
         Niamh,Oisín,Rhys,Siân,Tadhg",
        "Brennan,Campbell,Davies,Evans,Fraser,\
         Gallagher,MacLeod,O'Brien,O'Sullivan,Walsh",
    ),
    (
        "Aaliyah,Brandon,Caroline,Dylan,Emily,\
         Hunter,Jasmine,Kyle,Madison,Tyler",
        "Anderson,Brooks,Coleman,Foster,Hayes,\
         Jackson,Nguyen,Ramirez,Thompson,Washington",
    ),
];

/// The `n`-th person: the countries take turns, and no pair repeats within 2,400.
pub(super) fn person(n: usize) -> Person {
    let (firsts, lasts) = &COUNTRIES[n % COUNTRIES.len()];
    let pair = n / COUNTRIES.len();
    let (first, first_ascii) = forms(firsts, pair % 10);
    let (last, last_ascii) = forms(lasts, (pair / 10 + pair) % 10);
    Person {
        first,
        last,
        first_ascii,
        last_ascii,
    }
}

fn forms(row: &'static str, n: usize) -> (&'static str, &'static str) {
    let name = row.split(',').nth(n).unwrap_or(row);
    name.split_once('=').unwrap_or((name, name))
}
