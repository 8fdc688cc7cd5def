"""What the words in column names mean, in the languages that data comes in.

`concepts` turns a column name into a set of concepts, so that ``zip``, ``postcode`` and ``PLZ`` are
one thing and ``birthYear`` shares ``birth`` and ``year`` with ``birth_date``.
"""

from __future__ import annotations

import re
from functools import lru_cache

_CONCEPTS: dict[str, str] = {
    "id": "id identifier key uid uuid guid rid recid rowid index idx pk ref reference",
    "first": "first given forename vorname prenom firstname givenname fname nombre nome",
    "last": "last sur surname family nachname familienname lastname nom apellido apellidos "
    "cognome lname",
    "middle": "middle middlename mname",
    "name": "name names fullname label title titel titre titulo bezeichnung denomination naam",
    "org": "company firm firma organisation organization org business employer enterprise "
    "entreprise societe empresa unternehmen institution supplier vendor customer",
    "maker": "brand manufacturer maker manufacturername marke hersteller marque fabricant",
    "person": "person author authors autor autoren writer contact contactname artist player",
    "address": "address addr adr street strasse straße str rue calle via road adresse direccion "
    "indirizzo address1 address2 anschrift",
    "city": "city town ort stadt ville ciudad citta municipality suburb locality place stad",
    "postcode": "zip zipcode postcode postal plz cp postalcode codepostal cap",
    "country": "country land pays pais nation nazione countrycode",
    "region": "state region province county bundesland provincia kanton canton department",
    "phone": "phone tel telephone telefon mobile cell fax handy telefono telefoon phonenumber",
    "email": "email mail emails",
    "birth": "birth born dob geburt geburtsdatum naissance nacimiento birthdate birthday "
    "dateofbirth nascita",
    "death": "death died deceased sterbedatum deces",
    "date": "date datum fecha data day dob birthdate dateofbirth geburtsdatum timestamp year jahr "
    "annee ano anno yr",
    "year": "year jahr annee ano anno yr",
    "start": "start begin release released published publishing first_air",
    "end": "end last_air",
    "price": "price cost preis prix precio amount msrp listprice prezzo",
    "description": "description desc beschreibung details summary abstract comments features text",
    "type": "type category kind class genre genres style sort art kategorie group",
    "code": "code number no nr num sku ean upc isbn gtin modelno model mpn serial ssn vat tax",
    "pages": "page pages pp seiten",
    "venue": "venue journal conference booktitle proceedings publication",
    "web": "url website web homepage site",
    "geo": "lat latitude lon lng longitude coordinates latlon geo",
}
_MEANING: dict[str, list[str]] = {}
for _concept, _words in _CONCEPTS.items():
    for _word in _words.split():
        _MEANING.setdefault(_word, []).append(_concept)


@lru_cache(maxsize=4_096)  # a thousand columns on each side are a million pairs of names
def words(column: str) -> tuple[str, ...]:
    """Split a column name at case changes, digits and punctuation: ``birthYear`` → birth, year."""
    spaced = re.sub(r"(?<=[a-zß-ÿ])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", column)
    return tuple(part for part in re.split(r"[\W_]+", spaced.lower()) if part)


def concepts(column: str) -> frozenset[str]:
    """Return the concepts that a column name speaks of; an unknown word stands for itself."""
    parts = words(column)
    found: set[str] = set()
    for part in ["".join(parts), *parts]:
        found.update(_MEANING.get(part, ()))
    known = {part for part in parts if part in _MEANING}
    return frozenset(found | (set(parts) - known))


def is_id_name(column: str) -> bool:
    """Tell whether a column name says that its values name rows: ``id``, ``record_id``, ``ref``."""
    parts = words(column)
    return bool(parts) and any("id" in _MEANING.get(part, ()) for part in (parts[0], parts[-1]))
