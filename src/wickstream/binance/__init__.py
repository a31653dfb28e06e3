"""The exchange's language, both sides: frames, REST shapes, streams, archive files. Pure."""
