"""A shop's list and a price list: families of products in which the model number decides."""

import random
from dataclasses import dataclass, replace

from made.linkset import LinkSet, linked
from made.slips import gap, slip

BRANDS = ("Norvex", "Altiro", "Kessmer", "Halden", "Ovanto", "Brixton Audio", "Teralux", "Zenkai")
KINDS = {
    "headphones": ("Over-Ear Headphones", ("wireless", "noise cancelling", "foldable"), ("", "")),
    "dishwasher": ("Dishwasher", ("built-in", "quiet", "with third rack"), ("24 inch", "18 inch")),
    "printer": ("Laser Printer", ("duplex", "network ready", "compact"), ("A4", "A3")),
    "monitor": ("LCD Monitor", ("widescreen", "anti-glare", "tilt stand"), ('22"', '24"', '27"')),
    "router": ("Wireless Router", ("dual band", "4-port", "gigabit"), ("AC1200", "AX3000")),
    "drill": ("Cordless Drill", ("with case", "two batteries", "brushless"), ("12V", "18V")),
    "camera": ("Digital Camera", ("image stabilised", "kit lens", "full hd"), ("12MP", "16MP")),
    "speaker": ("Bookshelf Speakers", ("two-way", "pair", "magnetic grille"), ("4 in", "6.5 in")),
}
COLOURS = {"Black": "BK", "White": "WH", "Silver": "SL", "Red": "RD", "Blue": "BL"}


@dataclass(frozen=True)
class Product:
    """One thing for sale; those of a family differ in number, colour or size only."""

    brand: str
    kind: str
    series: str
    number: int
    colour: str
    size: str
    price: float

    @property
    def model(self) -> str:
        return f"{self.series}-{self.number}{COLOURS[self.colour]}"


def family(rng: random.Random) -> list[Product]:
    """Return one to eight variants of one product."""
    kind = rng.choice(list(KINDS))
    series = "".join(rng.choices("ABCDEFGHKLMPRSTVX", k=rng.choice((2, 3))))
    number, price = rng.randrange(100, 9900, 10), rng.uniform(25, 900)
    size = rng.choice(KINDS[kind][2])
    base = Product(rng.choice(BRANDS), kind, series, number, "Black", size, price)
    made = {base}
    for _ in range(rng.choice((0, 1, 2, 3, 5, 7))):
        step = rng.choice((0, 0, 1, 2, 5))
        made.add(
            replace(
                base,
                colour=rng.choice(list(COLOURS)),
                number=number + step,
                size=rng.choice(KINDS[kind][2]) if step else size,
                price=price * (1 + step / 20),
            )
        )
    return sorted(made, key=lambda product: (product.model, product.size))


def catalogue(count: int, rng: random.Random) -> list[Product]:
    """Invent at least `count` products with different model numbers."""
    made: dict[tuple[str, str], Product] = {}
    while len(made) < count:
        for product in family(rng):
            made.setdefault((product.brand, product.model), product)
    return list(made.values())


def written_model(product: Product, rng: random.Random) -> str:
    """Write the model number with or without its hyphen, sometimes without the colour code."""
    kind = rng.random()
    if kind < 0.5:
        return product.model
    if kind < 0.8:
        return product.model.replace("-", "")
    if kind < 0.9:
        return product.model.replace("-", " ")
    return f"{product.series}{product.number}/{COLOURS[product.colour]}"


def priced(product: Product, rate: float, rng: random.Random) -> str:
    return gap(f"{product.price * rng.uniform(0.85, 1.15):.2f}", rate, rng)


def shop_row(product: Product, rng: random.Random) -> tuple[str, ...]:
    """Describe `product` at length: the model number at the end of the title."""
    noun, traits, _ = KINDS[product.kind]
    model = gap(written_model(product, rng), 0.06, rng)
    title = f"{product.brand} {product.size} {noun} - {product.colour}"
    chosen = ", ".join(rng.sample(traits, 2))
    text = f"{product.brand} {noun}, {chosen}, {product.size}, {product.colour.lower()} finish"
    title = slip(" ".join(title.split()), 0.05, rng) + (f" - {model}" if model else "")
    return title, gap(f"{text}. {model}".strip(), 0.2, rng), priced(product, 0.3, rng)


def list_row(product: Product, rng: random.Random) -> tuple[str, ...]:
    """Describe `product` in short: brand and model number first, details left out."""
    noun = KINDS[product.kind][0]
    model = gap(written_model(product, rng), 0.08, rng)
    colour = gap(product.colour, 0.4, rng)
    words = f"{model} {gap(product.size, 0.4, rng)} {noun} {colour}".split()
    brand = product.brand if rng.random() < 0.8 else product.brand.upper()
    name = slip(" ".join((brand, *words)), 0.05, rng)
    return name, gap(product.brand, 0.1, rng), priced(product, 0.2, rng)


def products(rng: random.Random, *, left: int, right: int, rate: float) -> LinkSet:
    """Make two lists of products; `rate` of the left ones stand in the right list too."""
    shared = round(left * rate)
    world = catalogue(left + right - shared, rng)
    rng.shuffle(world)
    return linked(
        ("title", "description", "price"),
        ("name", "manufacturer", "list_price"),
        [(p, shop_row(p, rng)) for p in world[:left]],
        [(p, list_row(p, rng)) for p in (*world[:shared], *world[left : left + right - shared])],
        rng,
        columns=(("title", "name"), ("price", "list_price")),
    )
