"""The BitTorrent file format: canonical bencode, metainfo, and the signed stubs that stand for a grab."""
