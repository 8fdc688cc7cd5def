"""Firms and products in German and in English: no word is shared, the meaning decides."""

import random
from itertools import product

from made.addresses import CITIES
from made.linkset import LinkSet, linked
from made.slips import gap

Pair = tuple[str, str]


def _pairs(text: str) -> tuple[Pair, ...]:
    """Read ``German=English|…``."""
    return tuple((a, b) for a, _, b in (item.partition("=") for item in text.split("|")))


# Firms: what kind of firm it is, its trade, and where.
STYLES = _pairs(
    "Alte=Old|Neue=New|Vereinigte=United|Königliche=Royal|Erste=First|Freie=Free|Grüne=Green|"
    "Kleine=Little|Goldene=Golden|Nördliche=Northern|Südliche=Southern|Städtische=Municipal"
)
TRADES = _pairs(
    "Bäckerei=Bakery|Brauerei=Brewery|Buchhandlung=Bookshop|Druckerei=Printing House|"
    "Schreinerei=Joinery|Gärtnerei=Nursery Garden|Gerberei=Tannery|Wäscherei=Laundry|"
    "Apotheke=Pharmacy|Fahrschule=Driving School|Fleischerei=Butchery|Molkerei=Dairy|"
    "Sägemühle=Sawmill|Schuhfabrik=Shoe Factory|Seilerei=Ropeworks|Spedition=Haulage|"
    "Stahlgießerei=Steel Foundry|Töpferei=Pottery|Tuchweberei=Cloth Weaving Mill|"
    "Uhrenwerkstatt=Watch Workshop|Versicherung=Insurance|Werft=Shipyard|Ziegelei=Brickworks|"
    "Zuckerraffinerie=Sugar Refinery|Glashütte=Glassworks|Kellerei=Wine Cellars|"
    "Konditorei=Confectionery|Papiermühle=Paper Mill|Reederei=Shipping Line|"
    "Schlosserei=Locksmiths|Steuerberatung=Tax Consultancy|Tierarztpraxis=Veterinary Practice"
)
PLACES = _pairs(
    "am Marktplatz=on the Market Square|an der Brücke=by the Bridge|am Fluss=on the River|"
    "am Hafen=at the Harbour|im Tal=in the Valley|am Bahnhof=at the Railway Station|"
    "beim Schloss=by the Castle|am Waldrand=at the Edge of the Forest|am See=on the Lake|"
    "auf dem Berg=on the Mountain|an der Kirche=by the Church|am Stadttor=at the Town Gate"
)
# Products: a thing, what it is made of or can do, and its colour.
THINGS = _pairs(
    "Staubsauger=Vacuum Cleaner|Wasserkocher=Kettle|Bettdecke=Duvet|Regenschirm=Umbrella|"
    "Bohrmaschine=Drill|Kühlschrank=Refrigerator|Waschmaschine=Washing Machine|"
    "Schreibtisch=Desk|Bücherregal=Bookshelf|Kopfkissen=Pillow|Handtuch=Towel|"
    "Bratpfanne=Frying Pan|Kochtopf=Saucepan|Gartenschlauch=Garden Hose|Schubkarre=Wheelbarrow|"
    "Rasenmäher=Lawn Mower|Kinderwagen=Pram|Fahrradhelm=Bicycle Helmet|Schlafsack=Sleeping Bag|"
    "Taschenlampe=Torch|Wanderschuhe=Hiking Boots|Handschuhe=Gloves|Geldbeutel=Wallet|"
    "Sonnenbrille=Sunglasses|Vorhang=Curtain|Spiegel=Mirror|Kerzenhalter=Candle Holder|"
    "Werkzeugkasten=Toolbox|Leiter=Ladder|Gießkanne=Watering Can|Schneidebrett=Cutting Board|"
    "Brotkasten=Bread Bin"
)
KINDS = _pairs(
    "aus Edelstahl=Stainless Steel|aus Holz=Wooden|kabellos=Cordless|faltbar=Folding|"
    "wasserdicht=Waterproof|aus Leder=Leather|besonders leicht=Extra Light|"
    "abschließbar=Lockable|aus Glas=Glass|mit Fernbedienung=with Remote Control"
)
COLOURS = _pairs(
    "schwarz=Black|weiß=White|rot=Red|dunkelblau=Dark Blue|hellgrün=Light Green|gelb=Yellow|"
    "grau=Grey|braun=Brown"
)


def firms_de_en(rng: random.Random, *, left: int, right: int, rate: float) -> LinkSet:
    """`rate` of the left firms occur on the right too, under their English name."""
    named = [
        (f"{style[0]} {trade[0]} {place[0]}", f"{style[1]} {trade[1]} {place[1]}")
        for style, trade, place in product(STYLES, TRADES, PLACES)
    ]
    return _drawn("firma", "company", named, rng, left=left, right=right, rate=rate)


def shops_de_en(rng: random.Random, *, left: int, right: int, rate: float) -> LinkSet:
    """Draw firms with a town and a postcode; half of the postcodes are missing on either side."""
    both = round(left * rate)
    names = rng.sample(list(product(STYLES, TRADES, PLACES)), left + right - both)
    shops = [(name, rng.choice(CITIES), f"{rng.randrange(100):03}") for name in names]

    def row(shop: int, language: int) -> tuple[str, ...]:
        name, city, rest = shops[shop]
        words = " ".join(part[language] for part in name)
        return words, city[language], gap(city[2] + rest, 0.5, rng)

    numbers = range(len(shops))
    return linked(
        ["firma", "ort", "plz"],
        ["company", "town", "postcode"],
        [(n, row(n, 0)) for n in numbers[:left]],
        [(n, row(n, 1)) for n in numbers[left - both :]],
        rng,
        columns=(("firma", "company"), ("ort", "town"), ("plz", "postcode")),
    )


def products_de_en(rng: random.Random, *, left: int, right: int, rate: float) -> LinkSet:
    """`rate` of the left products occur on the right too, described in English."""
    named = [
        (f"{thing[0]} {kind[0]}, {colour[0]}", f"{colour[1]} {kind[1]} {thing[1]}")
        for thing, kind, colour in product(THINGS, KINDS, COLOURS)
    ]
    return _drawn("artikel", "article", named, rng, left=left, right=right, rate=rate)


def _drawn(
    german: str,
    english: str,
    named: list[Pair],
    rng: random.Random,
    *,
    left: int,
    right: int,
    rate: float,
) -> LinkSet:
    both = round(left * rate)
    drawn = rng.sample(named, left + right - both)
    return linked(
        [german],
        [english],
        [(pair, (pair[0],)) for pair in drawn[:left]],
        [(pair, (pair[1],)) for pair in drawn[left - both :]],
        rng,
        columns=((german, english),),
    )
