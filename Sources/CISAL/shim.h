// Intel ISA-L: CRC-32 (gzip/zip polynomial), CRC-32C (iSCSI polynomial), inflate and deflate, for Swift.
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

// A deflate stream's state is as unwieldy; a block of input is compressed by one call, whatever was compressed before.

struct cisal_deflater;

struct cisal_deflater_memory {
    struct isal_zstream stream;
    // How many tokens fit decides where deflate blocks end, so this is a fixed number, not ISA-L's default: room for
    // 128 Ki tokens of four bytes besides level 2's tables (4 KiB and 32 Ki hashes of two bytes).
    uint8_t level_buffer[(4 << 10) + (64 << 10) + (512 << 10)];
};

static inline struct cisal_deflater *cisal_deflater_create(void) {
    void *memory = NULL;
    if (posix_memalign(&memory, 64, sizeof(struct cisal_deflater_memory)) != 0) return NULL;
    return (struct cisal_deflater *)memory;
}

static inline void cisal_deflater_destroy(struct cisal_deflater *deflater) {
    free(deflater);
}

static inline int cisal_deflate_step(struct isal_zstream *stream, int flush, int is_last, const uint8_t *input,
                                     size_t length) {
    stream->next_in = (uint8_t *)input;
    stream->avail_in = (uint32_t)length;
    stream->flush = (uint16_t)flush;
    stream->end_of_stream = (uint16_t)(is_last != 0);
    return isal_deflate(stream) == COMP_OK && stream->avail_in == 0 && stream->avail_out != 0;
}

// Compresses `input_length` bytes with level 2 into deflate blocks that refer to nothing before them. They end at a whole
// byte: the last one is marked as the stream's end if `is_last`, else an empty stored block follows (a full flush). The
// number of bytes written is returned, 0 if they don't fit. Both lengths must fit 32 bits.
//
// The first 16 bytes have deflate blocks of their own, which cost about 10 bytes. ISA-L's loop for long inputs
// (isal_deflate_icf_body_hash_hist_04 of 2.30.0) takes the hash of an input's third byte from a register that holds the
// stream's address instead of the input. The output would depend on where memory was allocated, if rarely (seen with
// tiny files, one archive of six). What begins after a short piece doesn't go through those instructions.
static inline size_t cisal_deflate_block(struct cisal_deflater *deflater, int is_last, const uint8_t *input,
                                         size_t input_length, uint8_t *output, size_t output_length) {
    struct cisal_deflater_memory *memory = (struct cisal_deflater_memory *)deflater;
    struct isal_zstream *stream = &memory->stream;
    const size_t first = 16;
    const int flush = is_last ? NO_FLUSH : FULL_FLUSH;
    isal_deflate_init(stream);
    stream->level = 2;
    stream->level_buf = memory->level_buffer;
    stream->level_buf_size = sizeof(memory->level_buffer);
    stream->next_out = output;
    stream->avail_out = (uint32_t)output_length;
    if (input_length > first) {
        if (!cisal_deflate_step(stream, SYNC_FLUSH, 0, input, first)) return 0;
        input += first;
        input_length -= first;
    }
    if (!cisal_deflate_step(stream, flush, is_last, input, input_length)) return 0;
    return stream->total_out;
}

#endif
