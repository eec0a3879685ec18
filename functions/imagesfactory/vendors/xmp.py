"""XMP packets that say how a picture came to be, by IPTC's properties.

Sources: ISO 16684-1 (packets), iptc.org/std/photometadata/specification/IPTC-PhotoMetadata (the properties),
cv.iptc.org/newscodes/digitalsourcetype (the values).
"""

from __future__ import annotations

from xml.etree import ElementTree as ET

TRAINED_ALGORITHMIC_MEDIA = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
"""Created by a model trained on sampled content."""

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_META = "adobe:ns:meta/"
_IPTC_EXTENSION = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_PREFIXES = {"rdf": _RDF, "x": _META, "Iptc4xmpExt": _IPTC_EXTENSION}
_SOURCE_TYPE = f"{{{_IPTC_EXTENSION}}}DigitalSourceType"
_SYSTEM = f"{{{_IPTC_EXTENSION}}}AISystemUsed"
_OPENING = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
_CLOSING = '\n<?xpacket end="r"?>'


def ai_packet(ai_system: str, existing: str | None = None) -> str:
    """A packet that says: made by a trained model, by ``ai_system``; what ``existing`` says besides is kept.

    An existing packet that says so already is given back as it is; one that is not understood is replaced.
    """
    tree = _parsed(existing)
    if existing is not None and tree is not None and _says(tree, ai_system):
        return existing
    rdf = _rdf_of(tree) if tree is not None else None
    if tree is None or rdf is None:
        tree = ET.Element(f"{{{_META}}}xmpmeta")
        rdf = ET.SubElement(tree, f"{{{_RDF}}}RDF")
    _forget(rdf, _SOURCE_TYPE)
    _forget(rdf, _SYSTEM)
    said = {f"{{{_RDF}}}about": "", _SOURCE_TYPE: TRAINED_ALGORITHMIC_MEDIA, _SYSTEM: ai_system}
    ET.SubElement(rdf, f"{{{_RDF}}}Description", said)
    for prefix, uri in _PREFIXES.items():
        ET.register_namespace(prefix, uri)
    return _OPENING + ET.tostring(tree, encoding="unicode") + _CLOSING


def _parsed(packet: str | None) -> ET.Element | None:
    """The packet's root; None for none, and for what is no XML or could blow up while it is read."""
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    if packet is None:
        return None
    try:
        root: ET.Element = fromstring(packet, forbid_dtd=True)
    except (ET.ParseError, DefusedXmlException):
        return None
    return root


def _rdf_of(tree: ET.Element) -> ET.Element | None:
    name = f"{{{_RDF}}}RDF"
    return tree if tree.tag == name else tree.find(name)


def _says(tree: ET.Element, ai_system: str) -> bool:
    described = [element.attrib for element in tree.iter(f"{{{_RDF}}}Description")]
    source_types = [attributes[_SOURCE_TYPE] for attributes in described if _SOURCE_TYPE in attributes]
    systems = [attributes[_SYSTEM] for attributes in described if _SYSTEM in attributes]
    return source_types == [TRAINED_ALGORITHMIC_MEDIA] and systems == [ai_system]


def _forget(rdf: ET.Element, name: str) -> None:
    """A property may be written as an attribute or as an element; the same one twice is no valid packet."""
    for description in rdf:
        description.attrib.pop(name, None)
        for element in description.findall(name):
            description.remove(element)
