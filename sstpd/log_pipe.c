/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/* Records through a pipe. */

#include "log_pipe.h"
#include "wire.h"

enum {
	MARK = 1,
	HEAD_LEN = 3,  /* mark and length */
	FIELD_LEN = 3, /* before a value */
};

_Static_assert(
    LOG_PIPE_MAX >= HEAD_LEN + 2 + LOG_KEYS * FIELD_LEN + LOG_VALUES_MAX,
    "a record may not fit");

size_t
log_pipe_encode(const struct log_record *r, uint8_t bytes[static LOG_PIPE_MAX])
{
	struct wire_out head = { bytes, HEAD_LEN, false };
	struct wire_out out = { bytes + HEAD_LEN, LOG_PIPE_MAX - HEAD_LEN,
		false };
	size_t n;

	put_u8(&out, (uint8_t)r->level);
	put_u8(&out, (uint8_t)r->event);
	for (unsigned int i = 0; i < r->count; i++) {
		struct log_value v = log_record_field(r, i);

		put_u8(&out, (uint8_t)v.key);
		put_be16(&out, (uint16_t)v.n);
		put_block(&out, v.p, v.n);
	}
	n = LOG_PIPE_MAX - HEAD_LEN - out.n;
	put_u8(&head, MARK);
	put_be16(&head, (uint16_t)n);
	return HEAD_LEN + n;
}

void
log_pipe_init(struct log_pipe *pipe)
{
	pipe->n = 0;
}

static bool
decode_record(struct wire_in in, struct log_record *r)
{
	uint8_t level, event, key;
	struct wire_in value;
	uint16_t n;

	if (!take_u8(&in, &level) || level >= LOG_LEVELS ||
	    !take_u8(&in, &event) || event >= LOG_EVENTS)
		return false;
	log_record_init(r, (enum log_level)level, (enum log_event)event);
	while (in.n > 0) {
		if (!take_u8(&in, &key) || key >= LOG_KEYS ||
		    !take_be16(&in, &n) || !take_block(&in, n, &value))
			return false;
		log_record_add(
		    r, (enum log_key)key, (const char *)value.p, value.n);
	}
	return true;
}

static void
decode_line(struct log_record *r, const char *line, size_t n)
{
	enum log_level level = LOG_LEVEL_ERROR;

	if (n >= 3 && line[0] == '<' && line[2] == '>') {
		for (int l = LOG_LEVEL_ERROR; l < LOG_LEVELS; l++)
			if (line[1] ==
			    '0' + log_level_priority((enum log_level)l))
				level = (enum log_level)l;
		line += 3;
		n -= 3;
	}
	log_record_init(r, level, LOG_EVENT_MESSAGE);
	log_record_add(
	    r, LOG_KEY_MESSAGE, line, n < LOG_LINE_MAX ? n : LOG_LINE_MAX);
}

/* What has come is a record, perhaps incomplete; true: it is a good one. */
static bool
end_record(struct log_pipe *pipe, struct log_record *r)
{
	struct wire_in in = { pipe->bytes + 1, pipe->n - 1 }, body;
	uint16_t length;

	if (!take_be16(&in, &length))
		return false;
	if (length > sizeof(pipe->bytes) - HEAD_LEN) {
		pipe->n = 0;
		return false;
	}
	if (!take_block(&in, length, &body))
		return false;
	pipe->n = 0;
	return decode_record(body, r);
}

static bool
end_line(struct log_pipe *pipe, struct log_record *r)
{
	size_t n = pipe->n;

	pipe->n = 0;
	if (n == 0)
		return false;
	decode_line(r, (const char *)pipe->bytes, n);
	return true;
}

size_t
log_pipe_decode(struct log_pipe *pipe, const uint8_t *p, size_t n,
    struct log_record *r, bool *complete)
{
	size_t i = 0;

	*complete = false;
	while (i < n && !*complete) {
		bool is_record = pipe->n > 0 && pipe->bytes[0] == MARK;

		if (!is_record && (p[i] == '\n' || pipe->n == LOG_LINE_MAX ||
				      (p[i] == MARK && pipe->n > 0))) {
			if (p[i] == '\n')
				i++;
			*complete = end_line(pipe, r);
			continue;
		}
		pipe->bytes[pipe->n++] = p[i++];
		if (pipe->bytes[0] == MARK)
			*complete = end_record(pipe, r);
	}
	return i;
}
