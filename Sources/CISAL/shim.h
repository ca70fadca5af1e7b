// Intel ISA-L: CRC-32 (gzip/zip polynomial), CRC-32C (iSCSI polynomial) and inflate, for Swift.
#ifndef ENVSYNC_CISAL_SHIM_H
#define ENVSYNC_CISAL_SHIM_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>

// Swift cannot import `struct inflate_state` usefully (its history buffer is an array of more than 64 KiB inside the
// struct), so it lives on the C heap behind an incomplete type and one step of inflating is one call.

struct cisal_inflater;

enum cisal_format {
    cisal_format_deflate = ISAL_DEFLATE,  // raw deflate (RFC 1951), as inside a zip
    cisal_format_gzip = ISAL_GZIP         // gzip (RFC 1952): header parsed, trailing CRC-32 verified
};

struct cisal_step {
    size_t consumed;  // input bytes used up
    size_t produced;  // output bytes written
    int status;       // ISAL_DECOMP_OK, or one of ISAL's other codes; negative: the data is damaged
    int finished;     // 1 when the stream (one gzip member) has ended
};

static inline struct cisal_inflater *cisal_inflater_create(void) {
    return (struct cisal_inflater *)malloc(sizeof(struct inflate_state));
}

static inline void cisal_inflater_destroy(struct cisal_inflater *inflater) {
    free(inflater);
}

// Makes the inflater ready for the first byte of a stream in the format given.
static inline void cisal_inflater_start(struct cisal_inflater *inflater, enum cisal_format format) {
    struct inflate_state *state = (struct inflate_state *)inflater;
    isal_inflate_init(state);
    state->crc_flag = (uint32_t)format;
}

// `input_length` and `output_length` must fit 32 bits.
static inline struct cisal_step cisal_inflater_step(struct cisal_inflater *inflater, const uint8_t *input,
                                                    size_t input_length, uint8_t *output, size_t output_length) {
    struct inflate_state *state = (struct inflate_state *)inflater;
    struct cisal_step step;
    state->next_in = (uint8_t *)input;
    state->avail_in = (uint32_t)input_length;
    state->next_out = output;
    state->avail_out = (uint32_t)output_length;
    step.status = isal_inflate(state);
    step.consumed = input_length - state->avail_in;
    step.produced = output_length - state->avail_out;
    step.finished = state->block_state == ISAL_BLOCK_FINISH;
    return step;
}

// Makes the inflater ready for a single block of a raw deflate stream. The block begins with the `count` (1 to 64)
// lowest bits of `bits`, which precede the next input; `dictionary` is what the stream has produced before. Zero is
// returned when all is well. Since ISA-L stops at the end of a stream only, the caller sets the block's first bit, which
// marks a last block.
static inline int cisal_inflater_start_block(struct cisal_inflater *inflater, uint64_t bits, int count,
                                             const uint8_t *dictionary, size_t length) {
    struct inflate_state *state = (struct inflate_state *)inflater;
    isal_inflate_init(state);
    state->read_in = bits;
    state->read_in_length = count;
    return length == 0 ? 0 : isal_inflate_set_dict(state, (uint8_t *)dictionary, (uint32_t)length);
}

struct cisal_bits {
    uint64_t bits;  // lowest first
    int count;
};

// The bits of the input that were consumed but don't belong to the finished stream.
static inline struct cisal_bits cisal_inflater_rest(const struct cisal_inflater *inflater) {
    const struct inflate_state *state = (const struct inflate_state *)inflater;
    struct cisal_bits rest = {state->read_in, state->read_in_length};
    return rest;
}

#endif
