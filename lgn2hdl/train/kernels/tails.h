/* Vectors at the end of a row: `vec` holds LANES floats, of which `count` lie in memory, perhaps
   none. */

#ifndef TAILS_H
#define TAILS_H

#include <stdint.h>
#include <string.h>

INLINE vec load(const float *from, int64_t count)
{
    if (count >= LANES)
        return *(const vec *)from;
    vec value = {0};
    if (count > 0)
        memcpy(&value, from, (size_t)count * sizeof(float));
    return value;
}

INLINE void store(float *to, vec value, int64_t count)
{
    if (count >= LANES)
        *(vec *)to = value;
    else if (count > 0)
        memcpy(to, &value, (size_t)count * sizeof(float));
}

#endif
