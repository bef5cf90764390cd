"""A generated province's reports laid into an inbox: good ones, bad ones, broken files and copies."""
