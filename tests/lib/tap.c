// SPDX-License-Identifier: GPL-2.0-only
/*
 * Running the tests of a program; see tap.h for what they look like.
 *
 * The parent process runs one child after the other and judges: by the child's end, by the
 * failures that it noted in shared memory (also from threads and processes of its own), and by
 * the kernel log.
 */
#define _GNU_SOURCE
#include "tap.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <getopt.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define EXIT_SKIPPED 77
/* How long a killed test may take to be gone before the kernel is taken to be stuck. */
#define REAP_SECONDS 10
#define NAME_SIZE 256

static const char *const bad_patterns[] = {
#define KLOG_BAD(text) text,
#include "klog_patterns.h"
#undef KLOG_BAD
};

/* What a test tells the parent. */
struct shared {
	unsigned int failures;
	bool skipped;
	char reason[NAME_SIZE];
};

enum verdict { PASSED, FAILED, SKIPPED };
static const char *const verdicts[] = { "passed", "failed", "skipped" };

struct options {
	bool list;
	bool json;
	const char *patterns[16];
	int nr_patterns;
};

static struct th_test *tests, **tests_tail = &tests;
static struct shared *shared;
static FILE *log_stream;
static int kmsg = -1;

/* Of the child: where an aborted test goes on, and who may go there. */
static jmp_buf aborted;
static pid_t test_pid;
static pthread_t test_thread;

void th_add_test(struct th_test *test)
{
	*tests_tail = test;
	tests_tail = &test->next;
}

void th_add_variant(struct th_fixture *fixture, struct th_variant *variant)
{
	struct th_variant **tail = &fixture->variants;

	while (*tail)
		tail = &(*tail)->next;
	*tail = variant;
}

static void log_line(const char *format, va_list args)
{
	char line[1024];

	vsnprintf(line, sizeof(line), format, args);
	fprintf(log_stream, "# %s\n", line);
	fflush(log_stream);
}

void th_log(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_line(format, args);
	va_end(args);
}

static void __attribute__((noreturn)) abort_test(void)
{
	/* A process or a thread that the test made has no way back into it. */
	if (getpid() != test_pid)
		_exit(1);
	if (!pthread_equal(pthread_self(), test_thread))
		pthread_exit(NULL);
	longjmp(aborted, 1);
}

static void fail(struct th_place place)
{
	__atomic_add_fetch(&shared->failures, 1, __ATOMIC_RELAXED);
	if (place.abort)
		abort_test();
}

void th_skip(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(shared->reason, sizeof(shared->reason), format, args);
	va_end(args);
	shared->skipped = true;
	abort_test();
}

static int compare(struct th_value a, struct th_value b)
{
	bool a_negative = a.is_signed && (long long)a.bits < 0;
	bool b_negative = b.is_signed && (long long)b.bits < 0;

	if (a_negative != b_negative)
		return a_negative ? -1 : 1;
	return a.bits < b.bits ? -1 : a.bits > b.bits;
}

static const char *format_value(char *text, size_t size, struct th_value value)
{
	if (value.is_signed)
		snprintf(text, size, "%lld", (long long)value.bits);
	else
		snprintf(text, size, "%llu = 0x%llx", value.bits, value.bits);
	return text;
}

static const char *errno_name(int error)
{
	return strerrorname_np(error) ?: "?";
}

static bool holds(const char *op, int order)
{
	switch (op[0]) {
	case '=':
		return order == 0;
	case '!':
		return order != 0;
	case '<':
		return order < 0 || (op[1] && order == 0);
	default:
		return order > 0 || (op[1] && order == 0);
	}
}

void th_compare(struct th_place place, const char *op, const char *expected_text,
		struct th_value expected, const char *seen_text, struct th_value seen)
{
	int error = errno;
	char a[48], b[48];

	if (holds(op, compare(expected, seen)))
		return;
	th_log("%s:%d: expected %s (%s) %s %s (%s), errno %d (%s)", place.file, place.line,
	       expected_text, format_value(a, sizeof(a), expected), op,
	       seen_text, format_value(b, sizeof(b), seen), error, errno_name(error));
	fail(place);
}

void th_compare_strings(struct th_place place, bool equal, const char *expected,
			const char *seen_text, const char *seen)
{
	if (seen && (strcmp(expected, seen) == 0) == equal)
		return;
	th_log("%s:%d: expected \"%s\" %s %s (\"%s\")", place.file, place.line, expected,
	       equal ? "==" : "!=", seen_text, seen ?: "(null)");
	fail(place);
}

void th_check_errno(struct th_place place, int expected, const char *call, bool failed, int seen)
{
	if (failed && seen == expected)
		return;
	th_log("%s:%d: expected errno %d (%s) from %s, %s %d (%s)", place.file, place.line,
	       expected, errno_name(expected), call,
	       failed ? "which gave" : "which succeeded, errno", seen, errno_name(seen));
	fail(place);
}

static void full_name(char *name, const struct th_test *test, const struct th_variant *variant)
{
	if (variant)
		snprintf(name, NAME_SIZE, "%s.%s.%s", test->fixture->name, variant->name,
			 test->name);
	else if (test->fixture)
		snprintf(name, NAME_SIZE, "%s.%s", test->fixture->name, test->name);
	else
		snprintf(name, NAME_SIZE, "%s", test->name);
}

/* Calls a part of a test, which may abort; true if it came to its end. */
static bool run_part(void (*part)(void *self, const void *variant), void *self,
		     const void *parameters)
{
	if (setjmp(aborted))
		return false;
	part(self, parameters);
	return true;
}

static void __attribute__((noreturn)) run_child(const struct th_test *test,
						const struct th_variant *variant)
{
	const struct th_fixture *fixture = test->fixture;
	const void *parameters = variant ? variant->data : NULL;
	void *self = fixture ? calloc(1, fixture->size ?: 1) : NULL;

	setpgid(0, 0);
	test_pid = getpid();
	test_thread = pthread_self();
	if (!fixture || run_part(fixture->setup, self, parameters)) {
		run_part(test->run, self, parameters);
		if (fixture)
			run_part(fixture->teardown, self, parameters);
	}
	fflush(NULL);
	_exit(0);
}

/* Waits for a child; false when it has not ended in that time. */
static bool wait_for(pid_t child, unsigned int seconds, int *status)
{
	struct timespec limit = { .tv_sec = seconds };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	for (;;) {
		if (waitpid(child, status, WNOHANG) == child)
			return true;
		/*
		 * The signal is blocked, so one that came before this waits here. A stray one
		 * starts the time anew.
		 */
		if (sigtimedwait(&set, NULL, &limit) < 0 && errno == EAGAIN)
			return waitpid(child, status, WNOHANG) == child;
	}
}

/*
 * Puts a line into the kernel log: so that a reader sees which test a message belongs to, and
 * because the kernel keeps a message without a newline to itself until the next one comes.
 */
static void mark_kernel_log(const char *what, const char *name)
{
	char line[NAME_SIZE + 32];
	int length = snprintf(line, sizeof(line), "<7>%s %s\n", what, name);

	if (write(kmsg, line, length) != length)
		th_log("cannot write to /dev/kmsg: %m");
}

static void start_kernel_log(const char *name)
{
	if (kmsg < 0)
		return;
	mark_kernel_log("test", name);
	lseek(kmsg, 0, SEEK_END);
}

/* Reads the kernel log since the start of the test and shows its bad lines. */
static bool kernel_log_is_clean(const char *name)
{
	bool clean = true;
	char record[8192];
	ssize_t length;

	if (kmsg < 0)
		return true;
	mark_kernel_log("end of test", name);
	while ((length = read(kmsg, record, sizeof(record) - 1)) > 0 || errno == EPIPE) {
		if (length < 0)
			continue;
		record[length] = 0;
		/* "priority,number,time,flags;text", then lines of key=value */
		char *text = strchr(record, ';');

		if (!text)
			continue;
		text[strcspn(text, "\n")] = 0;
		for (size_t i = 0; i < sizeof(bad_patterns) / sizeof(*bad_patterns); i++) {
			if (strstr(text, bad_patterns[i])) {
				th_log("kernel log: %s", text + 1);
				clean = false;
				break;
			}
		}
	}
	return clean;
}

static enum verdict judge(const struct th_test *test, pid_t child)
{
	int status;

	if (!wait_for(child, test->timeout, &status)) {
		th_log("stopped after its %u s", test->timeout);
		kill(-child, SIGKILL);
		kill(child, SIGKILL);
		if (!wait_for(child, REAP_SECONDS, &status)) {
			printf("Bail out! the test cannot be killed: it hangs in the kernel\n");
			exit(1);
		}
		return FAILED;
	}
	/* Only what the test left running: the child itself is gone. */
	kill(-child, SIGKILL);
	if (WIFSIGNALED(status)) {
		th_log("killed by SIG%s", sigabbrev_np(WTERMSIG(status)) ?: "?");
		return FAILED;
	}
	if (shared->failures || WEXITSTATUS(status))
		return FAILED;
	return shared->skipped ? SKIPPED : PASSED;
}

static enum verdict run_test(const char *name, const struct th_test *test,
			     const struct th_variant *variant)
{
	enum verdict verdict;
	pid_t child;

	memset(shared, 0, sizeof(*shared));
	start_kernel_log(name);
	fflush(NULL);
	child = fork();
	if (child < 0) {
		perror("fork");
		exit(1);
	}
	if (!child)
		run_child(test, variant);
	verdict = judge(test, child);
	return kernel_log_is_clean(name) ? verdict : FAILED;
}

static void print_json_string(const char *text)
{
	putchar('"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			printf("\\%c", *text);
		else if ((unsigned char)*text < ' ')
			printf("\\u%04x", *text);
		else
			putchar(*text);
	}
	putchar('"');
}

static void print_result(const struct options *options, unsigned int number, const char *name,
			 enum verdict verdict, double seconds)
{
	if (options->json) {
		printf("%s\n  {\"name\": ", number > 1 ? "," : "");
		print_json_string(name);
		printf(", \"result\": \"%s\", \"seconds\": %.3f, \"reason\": ", verdicts[verdict],
		       seconds);
		print_json_string(shared->reason);
		printf("}");
	} else {
		printf("%sok %u - %s%s%s\n", verdict == FAILED ? "not " : "", number, name,
		       verdict == SKIPPED ? " # SKIP " : "",
		       verdict == SKIPPED ? shared->reason : "");
	}
	fflush(stdout);
}

static bool is_wanted(const struct options *options, const char *name)
{
	for (int i = 0; i < options->nr_patterns; i++)
		if (!fnmatch(options->patterns[i], name, 0))
			return true;
	return !options->nr_patterns;
}

typedef void (*visit_fn)(const struct options *options, unsigned int number, const char *name,
			 const struct th_test *test, const struct th_variant *variant);

/* Calls visit() for each wanted test and variant; returns their number. */
static unsigned int visit_tests(const struct options *options, visit_fn visit)
{
	unsigned int number = 0;
	char name[NAME_SIZE];

	for (const struct th_test *test = tests; test; test = test->next) {
		const struct th_variant *variant = test->fixture ? test->fixture->variants : NULL;

		do {
			full_name(name, test, variant);
			if (is_wanted(options, name)) {
				number++;
				if (visit)
					visit(options, number, name, test, variant);
			}
		} while (variant && (variant = variant->next));
	}
	return number;
}

static unsigned int counts[3];

static void visit_run(const struct options *options, unsigned int number, const char *name,
		      const struct th_test *test, const struct th_variant *variant)
{
	struct timespec begin, end;
	enum verdict verdict;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	verdict = run_test(name, test, variant);
	clock_gettime(CLOCK_MONOTONIC, &end);
	counts[verdict]++;
	print_result(options, number, name, verdict,
		     (end.tv_sec - begin.tv_sec) + (end.tv_nsec - begin.tv_nsec) / 1e9);
}

static void visit_list(TH_UNUSED const struct options *options, TH_UNUSED unsigned int number,
		       const char *name, TH_UNUSED const struct th_test *test,
		       TH_UNUSED const struct th_variant *variant)
{
	puts(name);
}

static void parse(struct options *options, int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "list", no_argument, NULL, 'l' },
		{ "test", required_argument, NULL, 't' },
		{ "json", no_argument, NULL, 'j' },
		{ NULL },
	};
	const int most = sizeof(options->patterns) / sizeof(*options->patterns);
	int option;

	while ((option = getopt_long(argc, argv, "lt:", long_options, NULL)) != -1) {
		if (option == 'l') {
			options->list = true;
		} else if (option == 'j') {
			options->json = true;
		} else if (option == 't' && options->nr_patterns < most) {
			options->patterns[options->nr_patterns++] = optarg;
		} else {
			fprintf(stderr, "usage: %s [-l] [-t GLOB]... [--json]\n", argv[0]);
			exit(2);
		}
	}
}

static void prepare(void)
{
	sigset_t set;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (shared == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	kmsg = open("/dev/kmsg", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (kmsg < 0)
		th_log("the kernel log is not looked at: /dev/kmsg: %m");
}

int th_main(int argc, char **argv)
{
	struct options options = {};

	parse(&options, argc, argv);
	if (options.list) {
		visit_tests(&options, visit_list);
		return 0;
	}
	log_stream = options.json ? stderr : stdout;
	prepare();
	printf(options.json ? "[" : "TAP version 13\n1..%u\n", visit_tests(&options, NULL));
	visit_tests(&options, visit_run);
	if (options.json)
		printf("\n]\n");
	if (counts[FAILED])
		return 1;
	return counts[SKIPPED] && !counts[PASSED] ? EXIT_SKIPPED : 0;
}
