"""Frozen figures of a review conference, and the pack that is made from them; nothing here reads the warehouse."""
