"""A network as a folder of standalone, portable C99 for anything that has a C compiler."""
