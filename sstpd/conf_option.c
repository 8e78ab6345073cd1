/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The sstpd developers */

/*
 * What each type of option does with its text and its value. A type is three
 * functions in the table at the foot of this file.
 */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "conf_option.h"

const struct conf_option *
conf_option_find(const char *section, const char *key)
{
	for (unsigned int i = 0; i < CONF_OPTIONS; i++)
		if (strcasecmp(conf_options[i].section, section) == 0 &&
		    strcasecmp(conf_options[i].key, key) == 0)
			return &conf_options[i];
	return NULL;
}

const struct conf_option *
conf_profile_option_find(const char *key)
{
	for (unsigned int i = 0; i < CONF_PROFILE_OPTIONS; i++)
		if (strcasecmp(conf_profile_options[i].key, key) == 0)
			return &conf_profile_options[i];
	return NULL;
}

/* --- text to values --- */

/* One value on its way in: where it goes, and what is wrong with it. */
struct input {
	const struct conf_option *option;
	void *field;
	uint32_t *count;	       /* of a list */
	char item[CONF_VALUE_MAX + 1]; /* the part that is being looked at */
	const char *why; /* better than "expected" and what the option takes */
};

static const struct conf_word *
find_word(const struct conf_word *words, const char *name)
{
	for (; words != NULL && words->name != NULL; words++)
		if (strcmp(words->name, name) == 0)
			return words;
	return NULL;
}

static bool
refuse(struct input *in, const char *why)
{
	in->why = why;
	return false;
}

static bool
put_string(struct input *in, char *to, size_t max)
{
	size_t n = strlen(in->item);

	if (n > max)
		return refuse(in, "too long");
	memcpy(to, in->item, n + 1);
	return true;
}

static bool
parse_number(struct input *in)
{
	const struct conf_word *word = find_word(in->option->words, in->item);

	if (word == NULL)
		return conf_value_number(
		    in->item, in->option->min, in->option->max, in->field);
	*(uint32_t *)in->field = word->value;
	return true;
}

static bool
parse_time(struct input *in)
{
	return conf_value_time(
	    in->item, in->option->min, in->option->max, in->field);
}

static bool
parse_size(struct input *in)
{
	return conf_value_size(
	    in->item, in->option->min, in->option->max, in->field);
}

static bool
parse_word(struct input *in)
{
	const struct conf_word *word = find_word(in->option->words, in->item);

	if (word == NULL)
		return false;
	*(uint32_t *)in->field = word->value;
	return true;
}

static bool
parse_word_bit(struct input *in)
{
	const struct conf_word *word = find_word(in->option->words, in->item);
	uint32_t *bits = in->field;

	if (word == NULL)
		return false;
	if (*bits & word->value)
		return refuse(in, "given twice");
	*bits |= word->value;
	return true;
}

static bool
parse_name(struct input *in)
{
	if (in->item[0] == '\0' && in->option->min == 0)
		return true;
	return conf_value_is_name(in->item) &&
	       put_string(in, in->field, in->option->max);
}

static bool
parse_text(struct input *in)
{
	return in->item[0] != '\0' && conf_value_is_text(in->item) &&
	       put_string(in, in->field, in->option->max);
}

static bool
parse_path(struct input *in)
{
	if (in->item[0] == '\0' && in->option->min == 0)
		return true;
	return conf_value_is_path(in->item) &&
	       put_string(in, in->field, in->option->max);
}

static bool
parse_one_path(struct input *in)
{
	char(*paths)[CONF_PATH_MAX] = in->field;

	if (*in->count == in->option->max)
		return refuse(in, "one too many");
	if (!conf_value_is_path(in->item) ||
	    !put_string(in, paths[*in->count], CONF_PATH_MAX - 1))
		return false;
	++*in->count;
	return true;
}

static bool
is_duplicate(
    const struct conf_listen *list, uint32_t n, const struct conf_listen *new)
{
	for (uint32_t i = 0; i < n; i++)
		if (list[i].address_len == new->address_len &&
		    memcmp(&list[i].address, &new->address, new->address_len) ==
			0)
			return true;
	return false;
}

static bool
parse_one_listen(struct input *in)
{
	static const char any_port[] = ":0"; /* each time another one */
	struct conf_listen *list = in->field, both[2];
	unsigned int n = conf_value_listen(in->item, both);
	size_t len = strlen(in->item);

	if (n == 0)
		return false;
	if (*in->count + n > in->option->max)
		return refuse(in, "one too many");
	for (unsigned int i = 0; i < n; i++) {
		if (is_duplicate(list, *in->count, &both[i]) &&
		    strcmp(in->item + len - strlen(any_port), any_port) != 0)
			return refuse(in, "given twice");
		list[(*in->count)++] = both[i];
	}
	return true;
}

static bool
parse_ipv4(struct input *in)
{
	if (in->item[0] == '\0' && in->option->min == 0)
		return true;
	return conf_value_ipv4(in->item, in->field);
}

static bool
parse_one_range(struct input *in)
{
	struct ippool_range *ranges = in->field;

	if (*in->count == in->option->max)
		return refuse(in, "one too many");
	if (ippool_parse_range(in->item, &ranges[*in->count], &in->why) < 0)
		return false;
	++*in->count;
	return true;
}

static bool
parse_one_server_name(struct input *in)
{
	char(*names)[CONF_SERVER_NAME_MAX] = in->field;
	uint32_t address;

	if (*in->count == in->option->max)
		return refuse(in, "one too many");
	if (conf_value_ipv4(in->item, &address))
		return refuse(in, "an address, which no client asks for");
	if (!conf_value_is_server_name(in->item) ||
	    !put_string(in, names[*in->count], CONF_SERVER_NAME_MAX - 1))
		return false;
	conf_value_to_lower(names[*in->count]);
	for (uint32_t i = 0; i < *in->count; i++)
		if (strcmp(names[i], names[*in->count]) == 0)
			return refuse(in, "given twice");
	++*in->count;
	return true;
}

/* --- values to text --- */

struct output {
	const struct conf_option *option;
	const void *field;
	uint32_t count; /* of a list */
	char *text;
	size_t cap, len;
};

static void __attribute__((format(printf, 2, 3)))
put(struct output *out, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(out->text + out->len, out->cap - out->len, fmt, ap);
	va_end(ap);
	if (n > 0)
		out->len += (size_t)n;
	if (out->len >= out->cap)
		out->len = out->cap - 1;
}

static void
put_item(struct output *out, const char *item)
{
	put(out, "%s%s", out->len > 0 ? ", " : "", item);
}

/* Words with a comma between them, and last before the last. */
static void
put_words(struct output *out, const struct conf_word *words, const char *last)
{
	for (const struct conf_word *w = words; w->name != NULL; w++) {
		if (w != words)
			put(out, "%s", w[1].name == NULL ? last : ", ");
		put(out, "%s", w->name);
	}
}

static void
format_word(struct output *out)
{
	const struct conf_word *w = out->option->words;

	for (; w != NULL && w->name != NULL; w++)
		if (w->value == *(const uint32_t *)out->field)
			put_item(out, w->name);
}

static void
format_number(struct output *out)
{
	format_word(out);
	if (out->len == 0)
		put(out, "%u", *(const uint32_t *)out->field);
}

static void
format_time(struct output *out)
{
	char text[CONF_TIME_TEXT];

	conf_value_format_time(*(const uint32_t *)out->field, text);
	put(out, "%s", text);
}

static void
format_size(struct output *out)
{
	char text[CONF_TIME_TEXT];

	conf_value_format_size(*(const uint32_t *)out->field, text);
	put(out, "%s", text);
}

static void
format_words(struct output *out)
{
	const struct conf_word *w = out->option->words;

	for (; w->name != NULL; w++)
		if (w->value & *(const uint32_t *)out->field)
			put_item(out, w->name);
}

static void
format_string(struct output *out)
{
	put(out, "%s", (const char *)out->field);
}

static void
format_paths(struct output *out)
{
	const char *paths = out->field;

	for (uint32_t i = 0; i < out->count; i++)
		put_item(out, paths + (size_t)i * CONF_PATH_MAX);
}

static void
format_listen(struct output *out)
{
	const struct conf_listen *list = out->field;
	char text[CONF_LISTEN_TEXT];

	for (uint32_t i = 0; i < out->count; i++) {
		conf_value_format_listen(&list[i], text);
		/* only "*" makes an optional one, the second of two */
		if (i + 1 < out->count && list[i + 1].optional) {
			put_item(out, "*");
			put(out, "%s", strrchr(text, ':'));
			i++;
		} else {
			put_item(out, text);
		}
	}
}

static void
format_ipv4(struct output *out)
{
	const uint32_t *address = out->field;
	char text[CONF_RANGE_TEXT];

	if (*address == 0)
		return;
	conf_value_format_ipv4(*address, text);
	put(out, "%s", text);
}

static void
format_ranges(struct output *out)
{
	const struct ippool_range *ranges = out->field;
	char text[CONF_RANGE_TEXT];

	for (uint32_t i = 0; i < out->count; i++) {
		conf_value_format_range(&ranges[i], text);
		put_item(out, text);
	}
}

static void
format_server_names(struct output *out)
{
	const char *names = out->field;

	for (uint32_t i = 0; i < out->count; i++)
		put_item(out, names + (size_t)i * CONF_SERVER_NAME_MAX);
}

/* --- what a type expects --- */

static void
expect_number(struct output *out)
{
	const struct conf_option *o = out->option;

	if (o->words != NULL)
		put_words(out, o->words, " or ");
	put(out, "%sa number from %u to %u", o->words != NULL ? " or " : "",
	    o->min, o->max);
}

static void
expect_time(struct output *out)
{
	char min[CONF_TIME_TEXT], max[CONF_TIME_TEXT];

	conf_value_format_time(out->option->min, min);
	conf_value_format_time(out->option->max, max);
	put(out, "a time from %s to %s, such as 500ms or 20s", min, max);
}

static void
expect_size(struct output *out)
{
	char min[CONF_TIME_TEXT], max[CONF_TIME_TEXT];

	conf_value_format_size(out->option->min, min);
	conf_value_format_size(out->option->max, max);
	put(out, "a number of bytes from %s to %s, such as 64M or 1G", min,
	    max);
}

static void
expect_word(struct output *out)
{
	put_words(out, out->option->words, " or ");
}

static void
expect_words(struct output *out)
{
	put(out, "one or more of ");
	put_words(out, out->option->words, ", ");
}

static void
expect_name(struct output *out)
{
	put(out,
	    "a name of up to %u letters, digits, dots, hyphens and "
	    "underscores%s",
	    out->option->max, out->option->min == 0 ? ", or nothing" : "");
}

static void
expect_text(struct output *out)
{
	put(out, "up to %u printable characters", out->option->max);
}

static void
expect_path(struct output *out)
{
	put(out, "an absolute path of up to %u bytes%s", out->option->max,
	    out->option->min == 0 ? ", or nothing" : "");
}

static void
expect_paths(struct output *out)
{
	put(out, "up to %u absolute paths of up to %d bytes each%s",
	    out->option->max, CONF_PATH_MAX - 1,
	    out->option->min == 0 ? ", or nothing" : "");
}

static void
expect_listen(struct output *out)
{
	put(out, "up to %u of ADDRESS:PORT, [IPv6]:PORT and *:PORT%s",
	    out->option->max, out->option->min == 0 ? ", or nothing" : "");
}

static void
expect_ipv4(struct output *out)
{
	put(out, "an IPv4 address%s",
	    out->option->min == 0 ? ", or nothing" : "");
}

static void
expect_ranges(struct output *out)
{
	put(out, "up to %u of FIRST-LAST, NETWORK/LENGTH and ADDRESS%s",
	    out->option->max, out->option->min == 0 ? ", or nothing" : "");
}

static void
expect_server_names(struct output *out)
{
	put(out, "up to %u names, such as vpn.example.net or *.vpn.example.net",
	    out->option->max);
}

/* --- dispatch --- */

static const struct type {
	bool list; /* parse is called for each item */
	bool (*parse)(struct input *in);
	void (*format)(struct output *out);
	void (*expect)(struct output *out);
} types[] = {
	[CONF_NUMBER] = { false, parse_number, format_number, expect_number },
	[CONF_TIME] = { false, parse_time, format_time, expect_time },
	[CONF_SIZE] = { false, parse_size, format_size, expect_size },
	[CONF_WORD] = { false, parse_word, format_word, expect_word },
	[CONF_WORDS] = { true, parse_word_bit, format_words, expect_words },
	[CONF_NAME] = { false, parse_name, format_string, expect_name },
	[CONF_TEXT] = { false, parse_text, format_string, expect_text },
	[CONF_PATH] = { false, parse_path, format_string, expect_path },
	[CONF_PATHS] = { true, parse_one_path, format_paths, expect_paths },
	[CONF_LISTEN] = { true, parse_one_listen, format_listen,
	    expect_listen },
	[CONF_IPV4] = { false, parse_ipv4, format_ipv4, expect_ipv4 },
	[CONF_RANGES] = { true, parse_one_range, format_ranges, expect_ranges },
	[CONF_SERVER_NAMES] = { true, parse_one_server_name,
	    format_server_names, expect_server_names },
};

void
conf_option_expected(
    const struct conf_option *option, char text[static CONF_ERROR_MAX])
{
	struct output out = {
		.option = option, .text = text, .cap = CONF_ERROR_MAX
	};

	text[0] = '\0';
	types[option->type].expect(&out);
}

void
conf_option_format(const struct conf_option *option, const void *values,
    char text[static CONF_VALUE_MAX + 1])
{
	const char *base = values;
	struct output out = { .option = option,
		.field = base + option->field,
		.text = text,
		.cap = CONF_VALUE_MAX + 1 };

	if (option->count != 0)
		memcpy(&out.count, base + option->count, sizeof(out.count));
	text[0] = '\0';
	types[option->type].format(&out);
}

/* Parse each item of a list, which must have min of them. */
static bool
parse_list(struct input *in, const char *text)
{
	unsigned int n = 0;

	if (*text == '\0')
		text = NULL; /* no items, rather than an empty one */
	while (conf_value_next_item(&text, in->item)) {
		if (!types[in->option->type].parse(in))
			return false;
		n++;
	}
	return n >= in->option->min;
}

static bool
parse_value(struct input *in, const char *text)
{
	if (strlen(text) >= sizeof(in->item))
		return refuse(in, "too long");
	if (types[in->option->type].list)
		return parse_list(in, text);
	memcpy(in->item, text, strlen(text) + 1);
	return types[in->option->type].parse(in);
}

int
conf_option_parse(const struct conf_option *option, void *values,
    const char *text, char why[static CONF_ERROR_MAX])
{
	char expected[CONF_ERROR_MAX], *base = values;
	struct input in = { .option = option, .field = base + option->field };
	const char *more;

	if (option->count != 0)
		in.count = (uint32_t *)(void *)(base + option->count);
	if (parse_value(&in, text))
		return 0;

	more = strlen(in.item) > 60 ? "..." : "";
	conf_option_expected(option, expected);
	if (in.why != NULL && strncmp(in.why, "expected ", 9) == 0)
		(void)snprintf(why, CONF_ERROR_MAX, "\"%.60s%s\": %s", in.item,
		    more, in.why);
	else
		(void)snprintf(why, CONF_ERROR_MAX,
		    "\"%.60s%s\": %s%sexpected %.350s", in.item, more,
		    in.why != NULL ? in.why : "", in.why != NULL ? ", " : "",
		    expected);
	return -1;
}
