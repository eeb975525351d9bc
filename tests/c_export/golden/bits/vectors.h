/* Written by lgn2hdl: test vectors. */
#define VECTORS 4

static const tiny_feature vector_rows[VECTORS * TINY_FEATURES] = {
    0, 0, 0, 7, 1, 1, 0, 0, 0, 0, 0, 1
};

static const uint32_t vector_input_hashes[VECTORS] = {
    1268118805, 357429369, 1268118805, 1251341186
};

static const uint32_t vector_output_hashes[VECTORS] = {
    212812234, 357429369, 212812234, 833731232
};

static const uint8_t vector_bits[] = {
    2, 15, 2, 14
};
