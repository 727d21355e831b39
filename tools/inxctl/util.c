// SPDX-License-Identifier: GPL-2.0-only
/* Text, files, and tables that a person can read. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "inxctl.h"

bool want_json;

char *plain(char *string)
{
	char *c;

	for (c = string; *c; c++) {
		if (*c == '\n')
			*c = ' ';
		else if (*c < ' ' || *c > '~')
			*c = '?';
	}
	return string;
}

static void say(const char *what, const char *format, va_list args)
{
	fprintf(stderr, "inxctl: %s", what);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
}

void die(const char *format, ...)
{
	va_list args, again;
	char *words = NULL;

	va_start(args, format);
	va_copy(again, args);
	say("", format, args);
	if (want_json && vasprintf(&words, format, again) >= 0) {
		json_dumpf(json_pack("{s:s}", "error", plain(words)), stdout, JSON_INDENT(2));
		putchar('\n');
	}
	exit(INXCTL_FAILED);
}

void warn(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say("warning: ", format, args);
	va_end(args);
}

static char *vtext(const char *format, va_list args)
{
	char *result;

	if (vasprintf(&result, format, args) < 0) {
		fputs("inxctl: out of memory\n", stderr);
		exit(INXCTL_FAILED);
	}
	return result;
}

char *text(const char *format, ...)
{
	va_list args;
	char *result;

	va_start(args, format);
	result = vtext(format, args);
	va_end(args);
	return result;
}

char *read_file(const char *format, ...)
{
	char *path, *content = NULL, *longer;
	size_t length = 0;
	va_list args;
	ssize_t n = 0;
	int fd;

	va_start(args, format);
	path = vtext(format, args);
	va_end(args);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	free(path);
	if (fd < 0)
		return NULL;
	do {
		length += n;
		longer = realloc(content, length + 4096);
		if (!longer)
			die("out of memory");
		content = longer;
		n = read(fd, content + length, 4095);
	} while (n > 0);
	close(fd);
	if (n < 0 && !length) {
		free(content);
		return NULL;
	}
	content[length] = '\0';
	if (length && content[length - 1] == '\n')
		content[length - 1] = '\0';
	return content;
}

int write_file(const char *path, const char *content)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644), rc = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, content, strlen(content)) < 0)
		rc = -errno;
	if (close(fd) && !rc)
		rc = -errno;
	return rc;
}

char *link_name(const char *format, ...)
{
	char target[4096], *path, *slash;
	va_list args;
	ssize_t n;

	va_start(args, format);
	path = vtext(format, args);
	va_end(args);
	n = readlink(path, target, sizeof(target) - 1);
	free(path);
	if (n < 0)
		return NULL;
	target[n] = '\0';
	slash = strrchr(target, '/');
	return text("%s", slash ? slash + 1 : target);
}

bool exists(const char *format, ...)
{
	va_list args;
	char *path;
	bool result;

	va_start(args, format);
	path = vtext(format, args);
	va_end(args);
	result = !access(path, F_OK);
	free(path);
	return result;
}

static int not_hidden(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

json_t *list_folder(const char *path)
{
	json_t *names = json_array();
	struct dirent **entries;
	int n, i;

	n = scandir(path, &entries, not_hidden, versionsort);
	for (i = 0; i < n; i++) {
		/* To be opened, so not to be changed. */
		json_array_append_new(names, json_string_nocheck(entries[i]->d_name));
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	return names;
}

const char *member(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value ? value : "";
}

json_t *take_string(char *string)
{
	json_t *value = string ? json_string(plain(string)) : json_null();

	free(string);
	return value;
}

/* A value as it stands in a cell, to be freed. */
static char *cell(const json_t *value)
{
	char *words, *item, *longer;
	const json_t *element;
	size_t i;

	switch (json_typeof(value)) {
	case JSON_STRING:
		return text("%s", *json_string_value(value) ? json_string_value(value) : "-");
	case JSON_INTEGER:
		return text("%" JSON_INTEGER_FORMAT, json_integer_value(value));
	case JSON_TRUE:
		return text("yes");
	case JSON_FALSE:
		return text("no");
	case JSON_ARRAY:
		words = text("%s", json_array_size(value) ? "" : "-");
		json_array_foreach((json_t *)value, i, element) {
			item = cell(element);
			longer = text("%s%s%s", words, i ? ", " : "", item);
			free(words);
			free(item);
			words = longer;
		}
		return words;
	default:
		return text("-");
	}
}

static char *cell_of(const json_t *row, const char *key)
{
	const json_t *value = json_object_get(row, key);

	return value ? cell(value) : text("-");
}

void print_table(const json_t *rows, const struct column *columns)
{
	size_t number = 0, width[16] = {}, i, c;
	const json_t *row;
	char *words;

	while (columns[number].title && number < 16)
		number++;
	for (c = 0; c < number; c++)
		width[c] = strlen(columns[c].title);
	json_array_foreach((json_t *)rows, i, row) {
		for (c = 0; c < number; c++) {
			words = cell_of(row, columns[c].key);
			if (strlen(words) > width[c])
				width[c] = strlen(words);
			free(words);
		}
	}
	/* Nothing is aligned behind the last column. */
	width[number - 1] = 0;
	for (c = 0; c < number; c++)
		printf("%-*s%s", (int)width[c], columns[c].title, c + 1 < number ? "  " : "\n");
	json_array_foreach((json_t *)rows, i, row) {
		for (c = 0; c < number; c++) {
			words = cell_of(row, columns[c].key);
			printf("%-*s%s", (int)width[c], words, c + 1 < number ? "  " : "\n");
			free(words);
		}
	}
}

void emit(json_t *value, void (*print)(const json_t *value))
{
	if (want_json) {
		json_dumpf(value, stdout, JSON_INDENT(2));
		putchar('\n');
	} else {
		print(value);
	}
	json_decref(value);
	if (fflush(stdout) || ferror(stdout))
		die("cannot write the output: %s", strerror(errno));
}
