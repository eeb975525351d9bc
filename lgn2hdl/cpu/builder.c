/* Sequential steps of making a program: the order of the nodes, and their slots; see order.py. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define FAN_IN 3
#define TABLES 256
#define NONE (-1)

typedef struct {
    const int32_t *fanin;   /* [n_gates][FAN_IN] node ids */
    const uint8_t *table;   /* [n_gates] */
    const int32_t *segment; /* [n_gates], no pin in a later segment than its reader */
    int64_t first_gate, n_gates;
    int64_t *reader_begin; /* [n_gates + 1] where the readers of a gate stand in `reader` */
    int32_t *reader;
    uint8_t *missing;      /* [n_gates] pins that are not computed yet */
    int32_t *next;         /* [n_gates] next gate of the same stack */
    int32_t *later;        /* [n_segments] stacks of gates that are ready, by segment */
    int32_t ready[TABLES]; /* stacks of gates that can be computed now, by table */
    int64_t n_ready[TABLES];
} graph;

static int find_readers(graph *net)
{
    int64_t n = net->n_gates, pins = 0;
    for (int64_t i = 0; i < n * FAN_IN; i++) {
        int64_t gate = net->fanin[i] - net->first_gate;
        if (gate >= 0) {
            net->reader_begin[gate + 1]++;
            net->missing[i / FAN_IN]++;
            pins++;
        }
    }
    for (int64_t gate = 0; gate < n; gate++)
        net->reader_begin[gate + 1] += net->reader_begin[gate];
    net->reader = malloc((size_t)(pins + 1) * sizeof *net->reader);
    if (!net->reader)
        return 0;
    for (int64_t i = n * FAN_IN; i-- > 0;) { /* from behind, so that the ends become the begins */
        int64_t gate = net->fanin[i] - net->first_gate;
        if (gate >= 0)
            net->reader[--net->reader_begin[gate + 1]] = (int32_t)(i / FAN_IN);
    }
    memmove(net->reader_begin, net->reader_begin + 1, (size_t)n * sizeof *net->reader_begin);
    net->reader_begin[n] = pins;
    return 1;
}

static void make_ready(graph *net, int32_t gate, int32_t now)
{
    int32_t *stack = &net->later[net->segment[gate]];
    if (net->segment[gate] <= now) {
        stack = &net->ready[net->table[gate]];
        net->n_ready[net->table[gate]]++;
    }
    net->next[gate] = *stack;
    *stack = gate;
}

static void begin_segment(graph *net, int32_t now)
{
    int32_t gate = net->later[now];
    net->later[now] = NONE;
    while (gate != NONE) {
        int32_t following = net->next[gate];
        make_ready(net, gate, now);
        gate = following;
    }
}

static int fullest(const graph *net)
{
    int best = 0;
    for (int table = 1; table < TABLES; table++)
        if (net->n_ready[table] > net->n_ready[best])
            best = table;
    return best;
}

/* All gates of one table that can be computed, those as well that become ready on the way. */
static int64_t compute(graph *net, int table, int32_t now, int32_t *order)
{
    int64_t done = 0;
    while (net->ready[table] != NONE) {
        int32_t gate = net->ready[table];
        net->ready[table] = net->next[gate];
        net->n_ready[table]--;
        order[done++] = gate;
        for (int64_t i = net->reader_begin[gate]; i < net->reader_begin[gate + 1]; i++)
            if (--net->missing[net->reader[i]] == 0)
                make_ready(net, net->reader[i], now);
    }
    return done;
}

static int64_t in_order(graph *net, int32_t n_segments, int32_t *order)
{
    int64_t done = 0;
    for (int table = 0; table < TABLES; table++)
        net->ready[table] = NONE;
    for (int32_t segment = 0; segment < n_segments; segment++)
        net->later[segment] = NONE;
    for (int64_t gate = net->n_gates; gate-- > 0;)
        if (net->missing[gate] == 0)
            make_ready(net, (int32_t)gate, NONE);
    for (int32_t segment = 0; segment < n_segments; segment++) {
        begin_segment(net, segment);
        for (int table = fullest(net); net->n_ready[table]; table = fullest(net))
            done += compute(net, table, segment, order + done);
    }
    return done;
}

/* Order the gates of a graph so that every gate comes after its pins, segment by segment, with
   long runs of equal tables: the table with most gates that can be computed comes next.
   Returns how many gates are in `order`, all of them; -1 if there is no memory. */
int64_t builder_order(const int32_t *fanin, const uint8_t *table, const int32_t *segment,
                      int64_t first_gate, int64_t n_gates, int32_t n_segments, int32_t *order)
{
    graph net = {.fanin = fanin, .table = table, .segment = segment, .first_gate = first_gate,
                 .n_gates = n_gates};
    int64_t done = -1;
    net.reader_begin = calloc((size_t)n_gates + 1, sizeof *net.reader_begin);
    net.missing = calloc((size_t)n_gates + 1, 1);
    net.next = malloc(((size_t)n_gates + 1) * sizeof *net.next);
    net.later = malloc(((size_t)n_segments + 1) * sizeof *net.later);
    if (net.reader_begin && net.missing && net.next && net.later && find_readers(&net))
        done = in_order(&net, n_segments, order);
    free(net.reader_begin);
    free(net.missing);
    free(net.next);
    free(net.later);
    free(net.reader);
    return done;
}

/* Let every gate belong to the first segment that needs it: lowers segment[node], at first the one
   that reads it as an output. Pins have lower node ids than their gate. */
void builder_segments(const int32_t *fanin, int64_t first_gate, int64_t n_gates, int32_t *segment)
{
    for (int64_t gate = n_gates; gate-- > 0;)
        for (int pin = 0; pin < FAN_IN; pin++) {
            int32_t *below = &segment[fanin[gate * FAN_IN + pin]];
            if (*below > segment[first_gate + gate])
                *below = segment[first_gate + gate];
        }
}

/* Slots for values; see library.py. `by_time` are the values ordered by their last use. The slot
   that was given up last is used first: it is still in the cache. -1 if there is no memory. */
int64_t builder_slots(const int32_t *last_use, const int32_t *by_time, int64_t n_values,
                      int64_t n_first, int32_t *slots)
{
    int64_t n_slots = 0, given_up = 0, n_free = 0;
    int32_t *free_slots = malloc((size_t)(n_values ? n_values : 1) * sizeof *free_slots);
    if (!free_slots)
        return -1;
    for (int64_t value = 0; value < n_values; value++) {
        int64_t now = value < n_first ? 0 : value - n_first + 1;
        while (now && given_up < n_values && last_use[by_time[given_up]] <= now
               && by_time[given_up] < value)
            free_slots[n_free++] = slots[by_time[given_up++]];
        slots[value] = n_free ? free_slots[--n_free] : (int32_t)n_slots++;
    }
    free(free_slots);
    return n_slots;
}
