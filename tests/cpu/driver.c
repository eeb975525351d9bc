/* Runs programs of the CPU engine in a process of their own, so that sanitizers can watch it.

   driver run FILE:  one program; its results go to stdout as they are.
   driver fuzz FILE: many tables, most of them wrong; each one is refused, or run with every
                     instruction set, whose results have to be equal. Prints how many were what.

   Every buffer has exactly the size that the engine may touch. Files are 32-bit words; see
   test_engine_c.py. */

#include "engine.c"

#include <stdio.h>
#include <stdlib.h>

#define INSTRUCTION_SETS 4
#define MOST_BYTES (1 << 22) /* larger mutants are not run */

static void fail(const char *what)
{
    fprintf(stderr, "driver: %s\n", what);
    exit(1);
}

static void *allocate(uint64_t bytes, size_t alignment)
{
    void *memory = NULL;
    if (posix_memalign(&memory, alignment, bytes ? bytes : 1))
        fail("no memory");
    return memory;
}

static uint32_t *read_file(const char *path, size_t *n_words)
{
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END))
        fail("cannot read the file");
    *n_words = (size_t)ftell(file) / 4;
    uint32_t *words = allocate(*n_words * 4, 8);
    rewind(file);
    if (fread(words, 4, *n_words, file) != *n_words)
        fail("cannot read the file");
    fclose(file);
    return words;
}

static uint32_t *copy_words(const uint32_t *words, size_t n_words)
{
    uint32_t *copy = allocate(n_words * 4, 8);
    memcpy(copy, words, n_words * 4);
    return copy;
}

/* Results of a batch: bits, or classes and scores; one piece of memory, `bytes` long. */
static uint8_t *results(const program *net, batch *job, uint64_t *bytes)
{
    uint64_t all = (uint64_t)job->n_samples * net->n_results;
    uint64_t classes = net->head == BITS ? 0 : (uint64_t)job->n_samples * 8;
    *bytes = net->head == BITS ? all : classes + 4 * all;
    uint8_t *memory = allocate(*bytes, 8);
    if (net->head == BITS)
        job->bits = memory;
    else {
        job->classes = (int64_t *)memory;
        job->scores = (int32_t *)(memory + classes);
    }
    return memory;
}

static void run(const uint32_t *words, size_t n_words, int instruction_set, batch *job,
                int64_t scratch_bytes)
{
    void *memory = allocate((uint64_t)scratch_bytes, SLOT_BYTES);
    memset(memory, 0x55, (size_t)scratch_bytes);
    if (engine_run(words, (int64_t)n_words, instruction_set, memory, job, 0, job->n_samples))
        fail("the program does not run");
    free(memory);
}

/* The same, but every part of the scratch memory is a piece of its own, so that none may be left. */
static void run_apart(const program *net, int instruction_set, const batch *job)
{
    uint8_t *memory = allocate(divide(net, NULL, NULL), SLOT_BYTES);
    scratch work;
    uint64_t end = divide(net, memory, &work);
    void *parts[6] = {work.values, work.sums, work.winner, work.masks, work.carries, work.rows};
    for (int i = 6; i-- > 0;) {
        uint64_t begin = (uint64_t)((uint8_t *)parts[i] - memory);
        parts[i] = allocate(end - begin, SLOT_BYTES);
        memset(parts[i], 0x55, end - begin);
        end = begin;
    }
    free(memory);
    work = (scratch){parts[0], parts[1], parts[2], parts[3], parts[4], parts[5]};
    int64_t block = (int64_t)net->vectors * GROUP, n = job->n_samples;
    for (int64_t first = 0; first < n; first += block)
        run_block(net, kernel_of(instruction_set), &work, job, first,
                  n - first < block ? n - first : block);
    for (int i = 0; i < 6; i++)
        free(parts[i]);
}

/* File: instruction set, samples, words of the tables, whether rows follow or packed bits; then
   the tables, then the samples, then nothing. */
static void run_one(const uint32_t *file, size_t file_words)
{
    uint32_t n_words = file[2];
    uint32_t *words = copy_words(file + 4, n_words);
    size_t sample_bytes = (file_words - 4 - n_words) * 4;
    uint8_t *samples = allocate(sample_bytes, 8);
    program net;
    int64_t scratch_bytes;
    batch job = {.n_samples = file[1]};
    memcpy(samples, file + 4 + n_words, sample_bytes);
    if (engine_check(words, n_words, &scratch_bytes) || parse(words, n_words, &net))
        fail("the tables are refused");
    if (file[3]) {
        job.rows = samples;
        job.row_stride = (int64_t)net.n_features * net.element_bytes;
    } else {
        job.words = (const uint64_t *)samples;
        job.word_stride = job.n_words = (job.n_samples + 63) / 64;
    }
    uint64_t bytes;
    uint8_t *found = results(&net, &job, &bytes);
    run(words, n_words, (int)file[0], &job, scratch_bytes);
    fwrite(found, 1, bytes, stdout);
    free(found);
    free(samples);
    free(words);
}

static void fill(void *memory, size_t bytes)
{
    static uint64_t state = 1; /* Marsaglia's xorshift generator */
    uint8_t *to = memory;
    for (size_t i = 0; i < bytes; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        to[i] = (uint8_t)state;
    }
}

/* Run tables that were accepted with every instruction set; 0 if that would take too much. */
static int run_all(const uint32_t *words, size_t n_words, int64_t scratch_bytes, int packed)
{
    program net;
    parse(words, n_words, &net);
    batch job = {.n_samples = 70 + (int64_t)(n_words % 3) * 256};
    uint64_t row = (uint64_t)net.n_features * net.element_bytes;
    uint64_t sample_words = ((uint64_t)job.n_samples + 63) / 64;
    uint64_t sample_bytes = packed ? net.n_inputs * sample_words * 8 : row * (uint64_t)job.n_samples;
    if (scratch_bytes > MOST_BYTES || sample_bytes > MOST_BYTES || net.n_results > 2000)
        return 0;
    uint8_t *samples = allocate(sample_bytes, 8), *first = NULL;
    fill(samples, sample_bytes);
    job.rows = packed ? NULL : samples;
    job.row_stride = (int64_t)row;
    job.words = packed ? (const uint64_t *)samples : NULL;
    job.word_stride = job.n_words = (int64_t)sample_words;
    for (int set = 0; set < INSTRUCTION_SETS; set++) {
        if (!engine_supports(set))
            continue;
        uint64_t bytes;
        uint8_t *found = results(&net, &job, &bytes);
        run_apart(&net, set, &job);
        if (first && memcmp(first, found, bytes))
            fail("instruction sets differ");
        if (first)
            free(found);
        else
            first = found;
    }
    free(first);
    free(samples);
    return 1;
}

/* File: for every mutant the number of its words, and these. */
static void fuzz(const uint32_t *file, size_t file_words)
{
    long reasons[5] = {0}, ran = 0;
    for (size_t at = 0; at < file_words;) {
        size_t n_words = file[at++];
        uint32_t *words = copy_words(file + at, n_words);
        int64_t scratch_bytes;
        int wrong = engine_check(words, (int64_t)n_words, &scratch_bytes);
        reasons[wrong]++;
        if (!wrong)
            ran += run_all(words, n_words, scratch_bytes, (int)(at & 1));
        free(words);
        at += n_words;
    }
    for (int reason = 0; reason < 5; reason++)
        printf("%ld ", reasons[reason]);
    printf("%ld\n", ran);
}

int main(int count, char **arguments)
{
    size_t n_words;
    if (count != 3)
        fail("usage: driver run|fuzz FILE");
    uint32_t *file = read_file(arguments[2], &n_words);
    if (strcmp(arguments[1], "run") == 0)
        run_one(file, n_words);
    else
        fuzz(file, n_words);
    free(file);
    return 0;
}
