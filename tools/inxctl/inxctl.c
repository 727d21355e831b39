// SPDX-License-Identifier: GPL-2.0-only
/*
 * inxctl - look after iommu-next: what is there, what is missing, who has what,
 * and devices that are given to user space and back. inxctl(8) is the manual.
 */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "inxctl.h"

/* Of the project, from dkms.conf. */
#ifndef VERSION
#define VERSION "unknown"
#endif

const char *argp_program_version = "inxctl " VERSION;

#define JSON { "json", 'j', NULL, 0, "Print JSON", 0 }
#define GROUP { "group", 'g', NULL, 0, "All devices of the IOMMU group, without bridges", 0 }

static const struct argp_option plain_options[] = { JSON, {} };

static const struct argp_option bind_options[] = {
	JSON, GROUP,
	{ "force", 'f', NULL, 0, "Also a device that the machine needs, as a mounted disk", 0 },
	{}
};

static const struct argp_option unbind_options[] = {
	JSON, GROUP,
	{ "force", 'f', NULL, 0, "Also a device that a program has open, which loses it", 0 },
	{}
};

static const struct argp_option show_options[] = {
	JSON,
	{ "pid", 'p', "PID", 0, "Only what this process has open", 0 },
	{}
};

static const struct argp_option run_options[] = {
	JSON,
	{ "bind", 'b', NULL, 0, "Bind the devices first, and give them back afterwards", 0 },
	{ "force", 'f', NULL, 0, "With --bind: as for inxctl bind", 0 },
	{ "user", 'u', "NAME", 0, "Become this user", 0 },
	{ "memlock", 'm', "SIZE", 0, "Limit of locked memory: bytes, K, M, G, or 'unlimited'", 0 },
	{}
};

/**
 * struct command - what can be asked for
 * @name: of the command
 * @run: does it
 * @options: that it takes
 * @args: what else it takes, for its usage
 * @doc: for --help
 * @takes: arguments: 0 none, 1 devices, 2 a command
 */
static const struct command {
	const char *name;
	int (*run)(const struct options *options);
	const struct argp_option *options;
	const char *args;
	const char *doc;
	int takes;
} commands[] = {
	{ "status", cmd_status, plain_options, NULL,
	  "What is installed, loaded and possible here.\n"
	  "What is missing is printed with the command that mends it, and the status is 1 then.",
	  0 },
	{ "list", cmd_list, plain_options, NULL,
	  "Devices by IOMMU group, with their drivers, and who has them open.", 0 },
	{ "bind", cmd_bind, bind_options, "DEVICE...",
	  "Give PCI devices to user space.\n"
	  "Their drivers are remembered, and all that can be wrong is looked for first.",
	  1 },
	{ "unbind", cmd_unbind, unbind_options, "DEVICE...",
	  "Give PCI devices back to the drivers that they had before.", 1 },
	{ "show", cmd_show, show_options, NULL,
	  "What is in every open /dev/iommu-next.\n"
	  "Processes, address spaces, page tables, devices, and memory that is pinned.",
	  0 },
	{ "run", cmd_run, run_options, "-- COMMAND [ARGUMENT...]",
	  "Open what COMMAND needs and start it.\n"
	  "In its arguments {iommu} becomes the number of a descriptor of /dev/iommu-next,\n"
	  "{vfio:DEVICE} that of a device.",
	  2 },
	{}
};

struct parsing {
	const struct command *command;
	struct options options;
};

static pid_t parse_pid(const char *words, struct argp_state *state)
{
	char *end;
	long pid = strtol(words, &end, 10);

	if (*end || pid <= 0 || pid > 1L << 30)
		argp_error(state, "'%s' is not the number of a process", words);
	return pid;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct parsing *parsing = state->input;
	struct options *options = &parsing->options;
	const struct command *command = parsing->command;

	switch (key) {
	case 'j':
		want_json = true;
		return 0;
	case 'g':
		options->group = true;
		return 0;
	case 'f':
		options->force = true;
		return 0;
	case 'b':
		options->bind = true;
		return 0;
	case 'p':
		options->pid = parse_pid(arg, state);
		return 0;
	case 'u':
		options->user = arg;
		return 0;
	case 'm':
		options->memlock = arg;
		return 0;
	case ARGP_KEY_ARGS:
		if (!command->takes)
			argp_error(state, "%s takes no arguments", command->name);
		if (command->takes == 1)
			options->addresses = state->argv + state->next;
		else
			options->command = state->argv + state->next;
		return 0;
	case ARGP_KEY_NO_ARGS:
		if (command->takes)
			argp_error(state, "%s needs %s", command->name,
				   command->takes == 1 ? "a device, such as 0000:01:00.0" :
							 "a command");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int run_command(const struct command *command, int argc, char **argv)
{
	const struct argp argp = { command->options, parse, command->args, command->doc,
				   NULL, NULL, NULL };
	struct parsing parsing = { .command = command };
	char *name = text("inxctl %s", command->name);

	/* argp takes its usage from there. */
	argv[0] = name;
	argp_parse(&argp, argc, argv, command->takes == 2 ? ARGP_IN_ORDER : 0, NULL, &parsing);
	return command->run(&parsing.options);
}

static error_t parse_global(int key, char *arg, struct argp_state *state)
{
	const struct command *command;
	int *status = state->input;

	switch (key) {
	case 'j':
		want_json = true;
		return 0;
	case ARGP_KEY_ARG:
		for (command = commands; command->name; command++) {
			if (strcmp(command->name, arg))
				continue;
			*status = run_command(command, state->argc - state->next + 1,
					      state->argv + state->next - 1);
			state->next = state->argc;
			return 0;
		}
		argp_error(state, "there is no command '%s'", arg);
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_usage(state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* After the options: the commands, one a line. */
static char *help(int key, const char *words, void *input)
{
	const struct command *command;
	char *result = NULL;
	size_t size;
	FILE *out;

	(void)input;
	if (key != ARGP_KEY_HELP_EXTRA)
		return (char *)words;
	out = open_memstream(&result, &size);
	if (!out)
		return NULL;
	fputs("Commands:\n", out);
	for (command = commands; command->name; command++)
		fprintf(out, "  %-8s%.*s\n", command->name, (int)strcspn(command->doc, ".;:"),
			command->doc);
	fputs("\n'inxctl COMMAND --help' says more, inxctl(8) everything.", out);
	fclose(out);
	return result;
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		plain_options, parse_global, "COMMAND [ARGUMENT...]",
		"Look after iommu-next: modules, devices, and who has what.", NULL, help, NULL
	};
	int status = INXCTL_OK;

	argp_err_exit_status = EX_USAGE;
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &status);
	return status;
}
