"""Everything a rules file can call without declaring it, by name."""

from __future__ import annotations

from emulator.rules import collection_methods, conversions, number_functions, text_methods, time_functions
from emulator.rules.method import Builtin, takes
from emulator.rules.symbolic import OpenMap, SymbolicValue
from emulator.rules.values import Duration, LatLng, MapDiff, Path, RulesSet, Timestamp

NAMESPACES: dict[str, dict[str, Builtin]] = {
    "duration": time_functions.DURATION_FUNCTIONS,
    "hashing": number_functions.HASHING_FUNCTIONS,
    "latlng": number_functions.LATLNG_FUNCTIONS,
    "math": number_functions.MATH_FUNCTIONS,
    "timestamp": time_functions.TIMESTAMP_FUNCTIONS,
}

FUNCTIONS: dict[str, Builtin] = {
    "int": takes(1, conversions.to_integer),
    "float": takes(1, conversions.to_float),
    "string": takes(1, conversions.to_string),
    "bool": takes(1, conversions.to_boolean),
    "path": takes(1, conversions.to_path),
}

# Functions that look a document up: name -> (after the request, existence only). Firestore rules call them by name,
# Storage rules through the `firestore` namespace.
FIRESTORE_ACCESSES = {
    "get": (False, False),
    "exists": (False, True),
    "getAfter": (True, False),
    "existsAfter": (True, True),
}
STORAGE_ACCESSES = {"get": (False, False), "exists": (False, True)}
STORAGE_SERVICE = "firebase.storage"

_METHODS_BY_TYPE: dict[type, dict[str, Builtin]] = {
    str: text_methods.STRING_METHODS,
    bytes: text_methods.BYTES_METHODS,
    list: collection_methods.LIST_METHODS,
    RulesSet: collection_methods.SET_METHODS,
    dict: collection_methods.MAP_METHODS,
    MapDiff: collection_methods.MAP_DIFF_METHODS,
    Path: collection_methods.PATH_METHODS,
    Timestamp: time_functions.TIMESTAMP_METHODS,
    Duration: time_functions.DURATION_METHODS,
    LatLng: number_functions.LATLNG_METHODS,
    SymbolicValue: collection_methods.SYMBOLIC_METHODS,
    OpenMap: collection_methods.OPEN_MAP_METHODS,
}


def _by_name() -> dict[str, dict[type, Builtin]]:
    table: dict[str, dict[type, Builtin]] = {}
    for kind, methods in _METHODS_BY_TYPE.items():
        for name, method in methods.items():
            table.setdefault(name, {})[kind] = method
    return table


# method name -> type of the receiver -> method
METHODS: dict[str, dict[type, Builtin]] = _by_name()
