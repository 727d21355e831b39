/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A small harness for test programs, with the conventions of the kernel's own (kselftest) so
 * that tests read alike.
 *
 *	TEST(name) { ... }                      a test
 *	FIXTURE(name) { ... };                  what several tests need, as members of *self
 *	FIXTURE_VARIANT(name) { ... };          parameters, as members of *variant;
 *	FIXTURE_VARIANT_ADD(name, variant) { .member = ..., };
 *	                                        each test runs once for each set of them
 *	FIXTURE_SETUP(name) { ... }             before each test
 *	FIXTURE_TEARDOWN(name) { ... }          after it, whatever happened in it, if SETUP came
 *	                                        to its end
 *	TEST_F(fixture, name) { ... }
 *	TEST_TIMEOUT(), TEST_F_TIMEOUT()        the same with one more argument: seconds, for 30
 *	TEST_HARNESS_MAIN                       once, at the end of the file
 *
 * EXPECT_xx(expected, seen) notes a failure and goes on; ASSERT_xx() ends the test. Integers are
 * compared by value, whatever their types. SKIP("why", ...) ends the test (or, in a setup, the
 * tests of that fixture) as skipped.
 *
 * Each test runs in a process of its own. What it leaves running is killed, and the kernel log
 * since its start is searched for what klog_patterns.h lists: a hit is a failure.
 *
 * Output is TAP 13. Exit status: 0, 1 when a test failed, 77 when all were skipped.
 */
#ifndef TAP_H
#define TAP_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct th_variant {
	const char *name;
	const void *data;
	struct th_variant *next;
};

struct th_fixture {
	const char *name;
	size_t size;
	void (*setup)(void *self, const void *variant);
	void (*teardown)(void *self, const void *variant);
	struct th_variant *variants;
};

struct th_test {
	const char *name;
	struct th_fixture *fixture;
	void (*run)(void *self, const void *variant);
	unsigned int timeout;
	struct th_test *next;
};

struct th_value {
	unsigned long long bits;
	bool is_signed;
};

/* A place in a test's source. */
struct th_place {
	const char *file;
	int line;
	bool abort;
};

void th_add_test(struct th_test *test);
void th_add_variant(struct th_fixture *fixture, struct th_variant *variant);
int th_main(int argc, char **argv);
void th_compare(struct th_place place, const char *op, const char *expected_text,
		struct th_value expected, const char *seen_text, struct th_value seen);
void th_compare_strings(struct th_place place, bool equal, const char *expected,
			const char *seen_text, const char *seen);
void th_check_errno(struct th_place place, int expected, const char *call, bool failed,
		    int seen);
void th_skip(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* TH_LOG(format, ...) - a line of the test's own. */
void th_log(const char *format, ...) __attribute__((format(printf, 1, 2)));
#define TH_LOG th_log

#define SKIP(...) th_skip(__VA_ARGS__)

#define TH_UNUSED __attribute__((unused))

#define TEST(test) TEST_TIMEOUT(test, 30)
#define TEST_TIMEOUT(test, seconds)                                                     \
	static void test_##test(void);                                                  \
	static void test_##test##_run(TH_UNUSED void *self, TH_UNUSED const void *variant) \
	{                                                                               \
		test_##test();                                                          \
	}                                                                               \
	TH_REGISTER(test, NULL, #test, test_##test##_run, seconds)                      \
	static void test_##test(void)

#define FIXTURE(fixture)                                                                \
	struct fixture##_data;                                                          \
	struct fixture##_variant;                                                       \
	static void fixture##_setup(struct fixture##_data *self,                        \
				    const struct fixture##_variant *variant);           \
	static void fixture##_teardown(struct fixture##_data *self,                     \
				       const struct fixture##_variant *variant);        \
	static struct th_fixture fixture##_fixture = { .name = #fixture };              \
	struct fixture##_data

#define FIXTURE_VARIANT(fixture) struct fixture##_variant

#define FIXTURE_VARIANT_ADD(fixture, variant)                                           \
	static const struct fixture##_variant fixture##_##variant##_data;               \
	static struct th_variant fixture##_##variant = {                                \
		.name = #variant,                                                       \
		.data = &fixture##_##variant##_data,                                    \
	};                                                                              \
	static void __attribute__((constructor)) fixture##_##variant##_add(void)        \
	{                                                                               \
		th_add_variant(&fixture##_fixture, &fixture##_##variant);               \
	}                                                                               \
	static const struct fixture##_variant fixture##_##variant##_data =

#define FIXTURE_SETUP(fixture)                                                          \
	static void fixture##_setup_any(void *self, const void *variant)                \
	{                                                                               \
		fixture##_setup(self, variant);                                         \
	}                                                                               \
	static void __attribute__((constructor)) fixture##_setup_add(void)              \
	{                                                                               \
		fixture##_fixture.setup = fixture##_setup_any;                          \
		fixture##_fixture.size = sizeof(struct fixture##_data);                 \
	}                                                                               \
	static void fixture##_setup(TH_UNUSED struct fixture##_data *self,              \
				    TH_UNUSED const struct fixture##_variant *variant)

#define FIXTURE_TEARDOWN(fixture)                                                       \
	static void fixture##_teardown_any(void *self, const void *variant)             \
	{                                                                               \
		fixture##_teardown(self, variant);                                      \
	}                                                                               \
	static void __attribute__((constructor)) fixture##_teardown_add(void)           \
	{                                                                               \
		fixture##_fixture.teardown = fixture##_teardown_any;                    \
	}                                                                               \
	static void fixture##_teardown(TH_UNUSED struct fixture##_data *self,           \
				       TH_UNUSED const struct fixture##_variant *variant)

#define TEST_F(fixture, test) TEST_F_TIMEOUT(fixture, test, 30)
#define TEST_F_TIMEOUT(fixture, test, seconds)                                          \
	static void fixture##_##test(struct fixture##_data *self,                       \
				     const struct fixture##_variant *variant);          \
	static void fixture##_##test##_run(void *self, const void *variant)             \
	{                                                                               \
		fixture##_##test(self, variant);                                        \
	}                                                                               \
	TH_REGISTER(fixture##_##test, &fixture##_fixture, #test,                        \
		    fixture##_##test##_run, seconds)                                    \
	static void fixture##_##test(TH_UNUSED struct fixture##_data *self,             \
				     TH_UNUSED const struct fixture##_variant *variant)

#define TEST_HARNESS_MAIN                                                               \
	int main(int argc, char **argv)                                                 \
	{                                                                               \
		return th_main(argc, argv);                                             \
	}

/* Tests run in the order in which they stand in the file: constructors of a file do. */
#define TH_REGISTER(id, of_fixture, text, function, seconds)                            \
	static void __attribute__((constructor)) th_add_##id(void)                      \
	{                                                                               \
		static struct th_test test = {                                          \
			.name = text,                                                   \
			.fixture = of_fixture,                                          \
			.run = function,                                                \
			.timeout = seconds,                                             \
		};                                                                      \
		th_add_test(&test);                                                     \
	}

#define TH_IS_SIGNED(x)                                                                 \
	_Generic((x), char : true, signed char : true, short : true, int : true,        \
		 long : true, long long : true, default : false)
#define TH_VALUE(x)                                                                     \
	((struct th_value){ .bits = (unsigned long long)(x), .is_signed = TH_IS_SIGNED(x) })
#define TH_PLACE(aborts)                                                                \
	((struct th_place){ .file = __FILE__, .line = __LINE__, .abort = (aborts) })

/* Texts are made by the callers: an argument that is handed on is a macro's expansion. */
#define TH_COMPARE(aborts, op, expected_text, expected, seen_text, seen)                \
	do {                                                                            \
		__typeof__(expected) th_expected = (expected);                          \
		__typeof__(seen) th_seen = (seen);                                      \
		th_compare(TH_PLACE(aborts), op, expected_text, TH_VALUE(th_expected),  \
			   seen_text, TH_VALUE(th_seen));                               \
	} while (0)

#define EXPECT_EQ(expected, seen)                                                       \
	TH_COMPARE(false, "==", #expected, expected, #seen, seen)
#define EXPECT_NE(expected, seen)                                                       \
	TH_COMPARE(false, "!=", #expected, expected, #seen, seen)
#define EXPECT_LT(expected, seen)                                                       \
	TH_COMPARE(false, "<", #expected, expected, #seen, seen)
#define EXPECT_LE(expected, seen)                                                       \
	TH_COMPARE(false, "<=", #expected, expected, #seen, seen)
#define EXPECT_GT(expected, seen)                                                       \
	TH_COMPARE(false, ">", #expected, expected, #seen, seen)
#define EXPECT_GE(expected, seen)                                                       \
	TH_COMPARE(false, ">=", #expected, expected, #seen, seen)
#define EXPECT_TRUE(seen) TH_COMPARE(false, "==", "true", true, #seen, !!(seen))
#define EXPECT_FALSE(seen) TH_COMPARE(false, "==", "false", false, #seen, !!(seen))
#define EXPECT_NULL(seen)                                                               \
	TH_COMPARE(false, "==", "NULL", (void *)NULL, #seen, (void *)(seen))
#define EXPECT_STREQ(expected, seen)                                                    \
	th_compare_strings(TH_PLACE(false), true, expected, #seen, seen)
#define EXPECT_STRNE(expected, seen)                                                    \
	th_compare_strings(TH_PLACE(false), false, expected, #seen, seen)

#define ASSERT_EQ(expected, seen)                                                       \
	TH_COMPARE(true, "==", #expected, expected, #seen, seen)
#define ASSERT_NE(expected, seen)                                                       \
	TH_COMPARE(true, "!=", #expected, expected, #seen, seen)
#define ASSERT_LT(expected, seen)                                                       \
	TH_COMPARE(true, "<", #expected, expected, #seen, seen)
#define ASSERT_LE(expected, seen)                                                       \
	TH_COMPARE(true, "<=", #expected, expected, #seen, seen)
#define ASSERT_GT(expected, seen)                                                       \
	TH_COMPARE(true, ">", #expected, expected, #seen, seen)
#define ASSERT_GE(expected, seen)                                                       \
	TH_COMPARE(true, ">=", #expected, expected, #seen, seen)
#define ASSERT_TRUE(seen) TH_COMPARE(true, "==", "true", true, #seen, !!(seen))
#define ASSERT_FALSE(seen) TH_COMPARE(true, "==", "false", false, #seen, !!(seen))
#define ASSERT_NULL(seen)                                                               \
	TH_COMPARE(true, "==", "NULL", (void *)NULL, #seen, (void *)(seen))
#define ASSERT_STREQ(expected, seen)                                                    \
	th_compare_strings(TH_PLACE(true), true, expected, #seen, seen)
#define ASSERT_STRNE(expected, seen)                                                    \
	th_compare_strings(TH_PLACE(true), false, expected, #seen, seen)

/* A call that fails by returning -1 must do so, and with this errno. */
#define TH_ERRNO(aborts, expected, text, call)                                          \
	do {                                                                            \
		errno = 0;                                                              \
		bool th_failed = (call) == -1;                                          \
		th_check_errno(TH_PLACE(aborts), expected, text, th_failed, errno);     \
	} while (0)
#define EXPECT_ERRNO(expected, call) TH_ERRNO(false, expected, #call, call)
#define ASSERT_ERRNO(expected, call) TH_ERRNO(true, expected, #call, call)

#endif
