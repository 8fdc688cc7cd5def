"""The vocabulary of the made company registers: invented names, real spellings of legal forms."""

from dataclasses import dataclass


def listed(text: str) -> tuple[str, ...]:
    """Split a long line of words at its bars."""
    return tuple(text.split("|"))


# Surnames and coined stems are put together from these halves; no list of real firms is used.
NAME_HEADS = listed(
    "Al|Ard|Bel|Bran|Cald|Cor|Dal|Dren|Ell|Fen|Gal|Har|Hol|Ker|Lind|Mar|Mel|Nor|Oster|Pell|Quil|"
    "Rav|Sel|Stav|Tam|Tor|Ul|Var|Wen|Yar"
)
NAME_TAILS = listed(
    "beck|berg|brook|by|dale|den|don|ford|gate|ham|hurst|ing|ker|land|lock|man|mark|more|nes|ock|"
    "rick|sby|sen|son|stad|stone|thorpe|ver|well|wick"
)
COINED_HEADS = listed("Aero|Axi|Bio|Cal|Dyna|Eco|Ferro|Gen|Helio|Inno|Kine|Lumi|Medi|Neo|Opti|Poly")
COINED_TAILS = listed("cor|dex|fina|gen|lux|mar|netics|nova|plan|quest|serv|tec|tera|thea|via|wave")
COMPASS = ("North", "South", "East", "West")


@dataclass(frozen=True)
class Country:
    """How firms of one country are called and where they are.

    Attributes:
        code: ISO 3166 two-letter code.
        name: English name of the country.
        forms: Legal forms, each with the spellings that registers use for it.
        trades: What firms do, in the language of the country.
        streets: Patterns for a street; `{}` takes one of `stems`.
        stems: What streets are named after.
        cities: City, its other name or "", and the digits or letters its postcodes begin with.
        postcode: Pattern; `@` takes the city's prefix, `#` a digit, `?` a letter.
        dial: International dialling code.
    """

    code: str
    name: str
    forms: tuple[tuple[str, ...], ...]
    trades: tuple[str, ...]
    streets: tuple[str, ...]
    stems: tuple[str, ...]
    cities: tuple[tuple[str, str, str], ...]
    postcode: str
    dial: str


ENGLISH_TRADES = listed(
    "Logistics|Manufacturing|Engineering|Construction Services|International Trading|Foods|"
    "Pharmaceuticals|Technologies|Property Management|Electrical Supplies|Transport|"
    "Insurance Brokers|Printing|Textiles|Consulting|Building Materials|Chemicals|"
    "Marine Equipment|Financial Services|Packaging"
)
ENGLISH_STEMS = listed(
    "Mill|Station|Church|Harbour|Market|Canal|Bridge|Garden|Linden|Castle|Chapel|Foundry|Orchard|"
    "River|School|Tower|Union|Victoria|Wharf|Windsor"
)
COUNTRIES = (
    Country(
        code="GB",
        name="United Kingdom",
        forms=(("Ltd", "Limited", "Ltd.", "LTD"), ("PLC", "plc", "P.L.C."), ("LLP", "L.L.P.")),
        trades=ENGLISH_TRADES,
        streets=("{} Street", "{} Road", "{} Lane", "{} Avenue", "{} Industrial Estate"),
        stems=ENGLISH_STEMS,
        cities=(
            ("Leeds", "", "LS"),
            ("Bristol", "", "BS"),
            ("Manchester", "", "M"),
            ("Sheffield", "", "S"),
            ("Cardiff", "Caerdydd", "CF"),
            ("Norwich", "", "NR"),
        ),
        postcode="@# #??",
        dial="+44",
    ),
    Country(
        code="US",
        name="United States",
        forms=(
            ("Inc.", "Inc", "Incorporated", ", Inc."),
            ("LLC", "L.L.C.", ", LLC"),
            ("Corp.", "Corporation", "Corp"),
        ),
        trades=ENGLISH_TRADES,
        streets=("{} Street", "{} Avenue", "{} Boulevard", "{} Drive", "{} Road"),
        stems=ENGLISH_STEMS,
        cities=(
            ("Columbus", "", "432"),
            ("Saint Louis", "St. Louis", "631"),
            ("Tucson", "", "857"),
            ("Fort Worth", "Ft Worth", "761"),
            ("Albany", "", "122"),
        ),
        postcode="@##",
        dial="+1",
    ),
    Country(
        code="DE",
        name="Germany",
        forms=(
            ("GmbH", "Gesellschaft mbH", "G.m.b.H.", "gmbh"),
            ("AG", "Aktiengesellschaft"),
            ("GmbH & Co. KG", "GmbH & Co KG", "GmbH und Co. KG"),
        ),
        trades=listed(
            "Maschinenbau|Spedition|Elektrotechnik|Werkzeugbau|Lebensmittel|Bauunternehmung|"
            "Gebäudetechnik|Vertriebsgesellschaft|Metallverarbeitung|Möbelhandel"
        ),
        streets=("{}straße", "{}weg", "{}allee", "Am {}platz"),
        stems=listed("Mühlen|Bahnhof|Kirch|Hafen|Markt|Garten|Linden|Schloss|Schul|Wald|Wiesen"),
        cities=(
            ("München", "Munich", "80"),
            ("Köln", "Cologne", "50"),
            ("Nürnberg", "Nuremberg", "90"),
            ("Hamburg", "", "20"),
            ("Leipzig", "", "04"),
        ),
        postcode="@###",
        dial="+49",
    ),
    Country(
        code="FR",
        name="France",
        forms=(("S.A.", "SA"), ("SARL", "S.A.R.L.", "Sarl"), ("SAS", "S.A.S.")),
        trades=listed(
            "Transports|Mécanique Générale|Ingénierie|Matériaux|Produits Alimentaires|"
            "Électricité|Imprimerie|Conseil|Équipements Industriels"
        ),
        streets=("rue {}", "avenue {}", "boulevard {}", "place {}"),
        stems=listed("de la Gare|du Moulin|des Tilleuls|du Port|de l'Église|du Marché|des Écoles"),
        cities=(("Lyon", "", "69"), ("Nantes", "", "44"), ("Lille", "", "59")),
        postcode="@###",
        dial="+33",
    ),
    Country(
        code="NL",
        name="Netherlands",
        forms=(("B.V.", "BV", "b.v."), ("N.V.", "NV")),
        trades=listed(
            "Logistiek|Bouwmaterialen|Techniek|Groothandel|Transport|Scheepsbouw|Adviesgroep|"
            "Verpakkingen"
        ),
        streets=("{}straat", "{}weg", "{}kade", "{}laan"),
        stems=listed("Molen|Stations|Kerk|Haven|Markt|Tuin|Linden|Kasteel|School|Bos"),
        cities=(("Rotterdam", "", "30"), ("Den Haag", "The Hague", "25"), ("Utrecht", "", "35")),
        postcode="@## ??",
        dial="+31",
    ),
    Country(
        code="ES",
        name="Spain",
        forms=(("S.L.", "SL", "Sociedad Limitada"), ("S.A.", "SA", "Sociedad Anónima")),
        trades=listed(
            "Transportes|Construcciones|Ingeniería|Alimentación|Suministros Eléctricos|"
            "Maquinaria|Asesores|Artes Gráficas"
        ),
        streets=("Calle {}", "Avenida {}", "Plaza {}", "Paseo {}"),
        stems=listed("del Molino|de la Estación|Mayor|del Puerto|del Mercado|de los Tilos|Real"),
        cities=(
            ("Sevilla", "Seville", "41"),
            ("Zaragoza", "Saragossa", "50"),
            ("Bilbao", "", "48"),
        ),
        postcode="@###",
        dial="+34",
    ),
)
# Firms per country, in the order above.
COUNTRY_WEIGHTS = (34, 22, 18, 10, 8, 8)

# Long form, short form: a register writes either.
ABBREVIATIONS = (
    ("International", "Intl"),
    ("Manufacturing", "Mfg"),
    ("Brothers", "Bros"),
    (" and ", " & "),
    ("Company", "Co"),
    ("Services", "Svcs"),
    ("Engineering", "Eng."),
    ("Technologies", "Tech"),
    ("Management", "Mgmt"),
    ("Pharmaceuticals", "Pharma"),
    ("Equipment", "Equip."),
    ("gesellschaft", "ges."),
    ("Transportes", "Tptes."),
    ("Construcciones", "Constr."),
    ("Mécanique", "Méca."),
)
STREET_ABBREVIATIONS = (
    ("Street", "St"),
    ("Road", "Rd"),
    ("Avenue", "Ave"),
    ("avenue", "av."),
    ("Boulevard", "Blvd"),
    ("boulevard", "bd"),
    ("Lane", "Ln"),
    ("Drive", "Dr"),
    ("Industrial Estate", "Ind. Est."),
    ("straße", "str."),
    ("straat", "str."),
    ("Calle", "C/"),
    ("Avenida", "Avda."),
)
FOLDS = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "é": "e", "í": "i", "á": "a", "É": "E"}
