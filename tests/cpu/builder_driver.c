/* Runs the steps of builder.c in a process of their own, so that sanitizers can watch them.

   builder_driver FILE: cases of 32-bit words, one after the other; see test_builder.py.
   0, first_gate, n_gates, n_segments, fanin, table, segment of every node:
       prints the segment of every node, then the order of the gates.
   1, n_values, n_first, last_use, by_time: prints the number of slots, then the slots.
   Every array has exactly the size that builder.c may touch. */

#include "builder.c"

#include <stdio.h>

static void fail(const char *what)
{
    fprintf(stderr, "builder_driver: %s\n", what);
    exit(1);
}

static int32_t *allocate(int64_t n)
{
    int32_t *memory = malloc((size_t)n * 4);
    if (!memory)
        fail("no memory");
    return memory;
}

static int32_t *read_some(FILE *file, int64_t n)
{
    int32_t *words = allocate(n);
    if (fread(words, 4, (size_t)n, file) != (size_t)n)
        fail("the file is too short");
    return words;
}

static void print(const int32_t *words, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        printf("%d ", words[i]);
}

static void order_gates(FILE *file)
{
    int32_t *sizes = read_some(file, 3);
    int64_t first = sizes[0], n_gates = sizes[1];
    int32_t *fanin = read_some(file, n_gates * FAN_IN);
    int32_t *wide_table = read_some(file, n_gates);
    int32_t *segment = read_some(file, first + n_gates), *own = allocate(n_gates);
    int32_t *order = allocate(n_gates);
    uint8_t *table = malloc((size_t)n_gates);
    for (int64_t i = 0; i < n_gates; i++)
        table[i] = (uint8_t)wide_table[i];
    builder_segments(fanin, first, n_gates, segment);
    print(segment, first + n_gates);
    memcpy(own, segment + first, (size_t)n_gates * 4);
    if (builder_order(fanin, table, own, first, n_gates, sizes[2], order) != n_gates)
        fail("not all gates are in the order");
    print(order, n_gates);
    free(sizes), free(fanin), free(wide_table), free(segment), free(own), free(order), free(table);
}

static void give_slots(FILE *file)
{
    int32_t *sizes = read_some(file, 2);
    int64_t n = sizes[0];
    int32_t *last_use = read_some(file, n), *by_time = read_some(file, n), *slots = allocate(n);
    printf("%d ", (int)builder_slots(last_use, by_time, n, sizes[1], slots));
    print(slots, n);
    free(sizes), free(last_use), free(by_time), free(slots);
}

int main(int count, char **arguments)
{
    FILE *file = count == 2 ? fopen(arguments[1], "rb") : NULL;
    int32_t what;
    if (!file)
        fail("usage: builder_driver FILE");
    while (fread(&what, 4, 1, file) == 1) {
        if (what == 0)
            order_gates(file);
        else
            give_slots(file);
        printf("\n");
    }
    fclose(file);
    return 0;
}
