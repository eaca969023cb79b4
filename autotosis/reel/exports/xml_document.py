"""Writing XML documents, as both of Apple's formats require them."""

from xml.etree import ElementTree


def document(root: ElementTree.Element) -> str:
    """Write a complete XML document, indented, whose document type is the name of its root."""
    ElementTree.indent(root)
    body = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE {root.tag}>\n{body}\n'
