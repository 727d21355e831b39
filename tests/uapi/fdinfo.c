// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next,iommu_next_mock machines=none,smp seldom=?.?/none,6.12/none */
/*
 * What /proc/PID/fdinfo tells of a context: right, at any moment, and without
 * waiting for what a context is busy with.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <inttypes.h>
#include <linux/vfio.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mem.h"
#include "racer.h"
#include "tap.h"
#include "type1.h"
#include "uffd.h"
#include "world.h"

#define MEM_PAGES 64UL
#define MEM_LENGTH (MEM_PAGES * PAGE)
#define LENGTH (4 * PAGE)
#define WAIT_MS 10000
#define RACE_MS 1000
#define USER 1234

/* As the module: more objects are not shown. */
#define MOST 4096

FIXTURE(fdinfo)
{
	struct world w;
	struct world_dev *dev;
	unsigned char *mem;
	struct uffd u;
	struct later later;
	char *text;
	volatile uint32_t id;
};

FIXTURE_SETUP(fdinfo)
{
	world_open(&self->w);
	self->dev = world_bind(&self->w, NULL);
	self->mem = mem_alloc(MEM_SHUFFLED, MEM_LENGTH);
}

FIXTURE_TEARDOWN(fdinfo)
{
	world_close(&self->w);
	free(self->text);
}

/* All that is told of a file, to be freed; NULL when it cannot be read. */
static char *read_info(const char *pid, int fd)
{
	size_t size = 1 << 20, length = 0;
	char path[64], *text;
	ssize_t n;
	int info;

	snprintf(path, sizeof(path), "/proc/%s/fdinfo/%d", pid, fd);
	info = open(path, O_RDONLY);
	if (info < 0)
		return NULL;
	text = malloc(size);
	while (text && (n = read(info, text + length, size - length - 1)) > 0)
		length += n;
	close(info);
	if (text)
		text[length] = '\0';
	return text;
}

static void look(struct fdinfo_data *self)
{
	free(self->text);
	self->text = read_info("self", self->w.fd);
	ASSERT_TRUE(self->text);
}

/* Whether it has exactly that line. */
static bool has(struct fdinfo_data *self, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static bool has(struct fdinfo_data *self, const char *format, ...)
{
	char line[256] = "\n";
	va_list args;

	va_start(args, format);
	vsnprintf(line + 1, sizeof(line) - 2, format, args);
	va_end(args);
	strcat(line, "\n");
	if (strstr(self->text, line))
		return true;
	TH_LOG("no line '%s' in: %s", line + 1, self->text);
	return false;
}

/* How many lines start so. */
static unsigned int count(const char *text, const char *key)
{
	unsigned int n = 0;
	const char *at;

	for (at = text; (at = strstr(at, key)); at++)
		n += at == text || at[-1] == '\n';
	return n;
}

static uint64_t context_of(const char *text)
{
	const char *at = text ? strstr(text, "context:\t") : NULL;

	return at ? strtoull(at + 9, NULL, 10) : 0;
}

static uint32_t attach(struct fdinfo_data *self, uint32_t ioas)
{
	uint32_t hwpt = ioas;

	ASSERT_EQ(0, inx_attach(self->dev->fd, &hwpt));
	return hwpt;
}

/* ---- what it says --------------------------------------------------------------- */

TEST_F(fdinfo, tells_of_objects)
{
	struct world *w = &self->w;
	uint32_t other = world_ioas(w), hwpt, manual;

	look(self);
	EXPECT_TRUE(has(self, "ioas:\t%u areas=0 bytes=0", w->ioas));
	EXPECT_TRUE(has(self, "ioas:\t%u areas=0 bytes=0", other));
	EXPECT_EQ(0, count(self->text, "hwpt:"));
	EXPECT_EQ(1, count(self->text, "device:"));

	ASSERT_EQ(0, inx_hwpt_alloc(w->fd, self->dev->id, other, &manual));
	hwpt = attach(self, w->ioas);
	look(self);
	EXPECT_TRUE(has(self, "hwpt:\t%u ioas=%u auto=1", hwpt, w->ioas));
	EXPECT_TRUE(has(self, "hwpt:\t%u ioas=%u auto=0", manual, other));
	EXPECT_EQ(1, count(self->text, "device:"));
	EXPECT_TRUE(strstr(self->text, "device:\t"));
	EXPECT_EQ(self->dev->id,
		  (uint32_t)atoi(strstr(self->text, "device:\t") + 8));

	ASSERT_EQ(0, inx_detach(self->dev->fd));
	world_close_dev(self->dev);
	look(self);
	EXPECT_EQ(0, count(self->text, "device:"));
	EXPECT_EQ(1, count(self->text, "hwpt:"));
	ASSERT_EQ(0, inx_destroy(w->fd, manual));
	look(self);
	EXPECT_EQ(0, count(self->text, "hwpt:"));
}

TEST_F(fdinfo, tells_of_accesses)
{
	struct world *w = &self->w;
	uint32_t id;
	int access;

	access = inx_access(w->mock, w->fd, 0, &id);
	ASSERT_LE(0, access);
	look(self);
	EXPECT_TRUE(has(self, "access:\t%u ioas=0", id));
	ASSERT_EQ(0, inx_access_attach(access, w->ioas));
	look(self);
	EXPECT_TRUE(has(self, "access:\t%u ioas=%u", id, w->ioas));
	close(access);
	look(self);
	EXPECT_EQ(0, count(self->text, "access:"));
}

/* A removed device is no device any more, though its file is still open. */
TEST_F(fdinfo, removed_device)
{
	attach(self, self->w.ioas);
	ASSERT_EQ(0, inx_mock_remove(self->w.mock, self->dev->mock));
	self->dev->mock = 0;
	look(self);
	EXPECT_EQ(0, count(self->text, "device:"));
	EXPECT_EQ(0, count(self->text, "hwpt:"));
}

/* ---- memory --------------------------------------------------------------------- */

static void expect_memory(struct fdinfo_data *self, long pinned_kb,
			  long charged_kb)
{
	look(self);
	EXPECT_TRUE(has(self, "pinned:\t%ld kB", pinned_kb));
	EXPECT_TRUE(has(self, "charged:\t%ld kB user", charged_kb));
	EXPECT_EQ(pinned_kb, world_pinned(&self->w));
}

TEST_F(fdinfo, counts_pages_once)
{
	struct world *w = &self->w;
	uint32_t other = world_ioas(w);
	uint64_t at = 2 * IOVA;

	world_become_user(USER);
	ASSERT_EQ(0, inx_map_at(w->fd, w->ioas, self->mem, LENGTH, IOVA));
	/* Nobody can reach it yet. */
	expect_memory(self, 0, 0);
	EXPECT_TRUE(has(self, "ioas:\t%u areas=1 bytes=%lu", w->ioas, LENGTH));
	attach(self, w->ioas);
	expect_memory(self, 16, 16);
	ASSERT_EQ(0, inx_copy(w->fd, w->ioas, w->ioas, INX_RW | INX_FIXED,
			      LENGTH, &at, IOVA));
	ASSERT_EQ(0, inx_copy(w->fd, other, w->ioas, INX_RW | INX_FIXED,
			      PAGE, &at, IOVA));
	expect_memory(self, 16, 16);
	EXPECT_TRUE(has(self, "ioas:\t%u areas=2 bytes=%lu", w->ioas,
			2 * LENGTH));
	EXPECT_TRUE(has(self, "ioas:\t%u areas=1 bytes=%lu", other, PAGE));

	ASSERT_EQ(0, inx_unmap(w->fd, w->ioas, IOVA, LENGTH, NULL));
	expect_memory(self, 16, 16);
	ASSERT_EQ(0, inx_unmap_all(w->fd, w->ioas, NULL));
	expect_memory(self, 0, 0);
	EXPECT_TRUE(has(self, "ioas:\t%u areas=0 bytes=0", w->ioas));
}

/* Root has no limit, so nothing is held against one. */
TEST_F(fdinfo, charges_nobody)
{
	struct world *w = &self->w;

	attach(self, w->ioas);
	ASSERT_EQ(0, inx_map_at(w->fd, w->ioas, self->mem, LENGTH, IOVA));
	expect_memory(self, 16, 0);
	ASSERT_EQ(0, inx_unmap_all(w->fd, w->ioas, NULL));
	expect_memory(self, 0, 0);
}

TEST_F(fdinfo, says_who_is_charged)
{
	struct world *w = &self->w;
	int fd = inx_open();

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, inx_option_set(fd, IOMMU_NEXT_OPTION_RLIMIT_MODE, 0, 1));
	self->text = read_info("self", fd);
	ASSERT_TRUE(self->text);
	EXPECT_TRUE(has(self, "charged:\t0 kB process"));
	close(fd);
	EXPECT_NE(fd, w->fd);
}

/* What fails is counted as if it had never been. */
TEST_F(fdinfo, failed_map)
{
	struct world *w = &self->w;

	attach(self, w->ioas);
	ASSERT_EQ(0, mprotect(self->mem + 2 * PAGE, PAGE, PROT_NONE));
	EXPECT_ERRNO(EFAULT, inx_map_at(w->fd, w->ioas, self->mem, LENGTH,
					IOVA));
	expect_memory(self, 0, 0);
	EXPECT_TRUE(has(self, "ioas:\t%u areas=0 bytes=0", w->ioas));
}

/* type1 can unmap a part, which makes two areas of one. */
TEST_F(fdinfo, cut_area)
{
	struct world *w = &self->w;

	ASSERT_EQ(0, type1_set_ioas(w->fd, w->ioas));
	ASSERT_EQ(0, inx_option_set(w->fd, IOMMU_NEXT_OPTION_HUGE_PAGES,
				    w->ioas, 0));
	attach(self, w->ioas);
	ASSERT_EQ(0, type1_map(w->fd, self->mem, MEM_LENGTH, IOVA));
	look(self);
	EXPECT_TRUE(has(self, "ioas:\t%u areas=1 bytes=%lu", w->ioas,
			MEM_LENGTH));
	ASSERT_EQ(0, type1_unmap(w->fd, IOVA + 8 * PAGE, PAGE, NULL));
	look(self);
	EXPECT_TRUE(has(self, "ioas:\t%u areas=2 bytes=%lu", w->ioas,
			MEM_LENGTH - PAGE));
	EXPECT_TRUE(has(self, "pinned:\t%lu kB", (MEM_PAGES - 1) * 4));
}

/* ---- who is who ------------------------------------------------------------------ */

TEST_F(fdinfo, same_context_in_all_its_files)
{
	int copy = dup(self->w.fd), other = inx_open();
	char *text;

	ASSERT_LE(0, copy);
	ASSERT_LE(0, other);
	look(self);
	text = read_info("self", copy);
	EXPECT_NE(0, context_of(text));
	EXPECT_EQ(context_of(self->text), context_of(text));
	free(text);
	text = read_info("self", other);
	EXPECT_NE(0, context_of(text));
	EXPECT_NE(context_of(self->text), context_of(text));
	EXPECT_EQ(0, count(text, "ioas:"));
	free(text);
	close(copy);
	close(other);
}

static void look_at_parent(void *arg)
{
	struct fdinfo_data *self = arg;
	char pid[16], *text;

	snprintf(pid, sizeof(pid), "%d", getppid());
	world_become_user(USER);
	text = read_info(pid, self->w.fd);
	EXPECT_NULL(text);
	free(text);
}

/* Another user learns nothing of a process. */
TEST_F(fdinfo, not_for_everybody)
{
	world_join(world_fork(look_at_parent, self));
}

/* More objects than anybody reads about are not listed, and that is said. */
TEST_F(fdinfo, has_an_end)
{
	uint32_t ioas;
	int i;

	for (i = 0; i < MOST + 100; i++)
		ASSERT_EQ(0, inx_ioas_alloc(self->w.fd, &ioas));
	look(self);
	EXPECT_TRUE(has(self, "more:\t1"));
	EXPECT_EQ(MOST, count(self->text, "ioas:") +
			count(self->text, "device:"));
}

/* ---- at any moment ---------------------------------------------------------------- */

static int map_absent(void *arg)
{
	struct fdinfo_data *self = arg;

	return inx_map_at(self->w.fd, self->w.ioas, self->u.mem, LENGTH, IOVA);
}

static int look_later(void *arg)
{
	look(arg);
	return 0;
}

/* A thread that pins holds nobody up who wants to know what it has. */
TEST_F(fdinfo, while_a_map_waits)
{
	uffd_open(&self->u, LENGTH);
	attach(self, self->w.ioas);
	later_start(&self->later, map_absent, self);
	if (!uffd_wait(&self->u, 200) && later_ends(&self->later, WAIT_MS)) {
		EXPECT_ERRNO(EFAULT, later_join(&self->later));
		SKIP("a pin does not wait for user space on this kernel: EFAULT");
	}
	at_once(look_later, self);
	EXPECT_TRUE(has(self, "ioas:\t%u areas=1 bytes=%lu", self->w.ioas,
			LENGTH));
	uffd_fill(&self->u, self->u.mem, LENGTH, NULL);
	EXPECT_EQ(0, later_join(&self->later));
	look(self);
	EXPECT_TRUE(has(self, "pinned:\t%lu kB", LENGTH / 1024));
}

static struct fdinfo_data *data(struct racer *r)
{
	return r->race->data;
}

/* A picture need not be of one moment, but every line is whole and true. */
static void read_it(struct racer *r)
{
	char *text = read_info("self", data(r)->w.fd), *line, *save;
	unsigned long areas, bytes;
	unsigned int id;
	bool good = text && context_of(text);

	for (line = good ? strtok_r(text, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save)) {
		if (strncmp(line, "ioas:", 5))
			continue;
		/* Two sums, each by itself never beyond what is possible. */
		good &= sscanf(line, "ioas:\t%u areas=%lu bytes=%lu", &id,
			       &areas, &bytes) == 3 &&
			areas <= MEM_PAGES && bytes <= MEM_LENGTH;
	}
	free(text);
	r->good += must(r, good, "a wrong line");
}

static void map_unmap(struct racer *r)
{
	uint64_t at = pick(r, MEM_PAGES) * PAGE;
	struct fdinfo_data *self = data(r);

	if (ONE_OF(r, inx_map_at(self->w.fd, self->w.ioas, self->mem + at,
				 PAGE, IOVA + at), EEXIST))
		ONE_OF(r, inx_unmap_all(self->w.fd, self->w.ioas, NULL), EBUSY);
}

static void make_ioas(struct racer *r)
{
	uint32_t id = 0;

	if (ONE_OF(r, inx_ioas_alloc(data(r)->w.fd, &id)))
		data(r)->id = id;
	if (pick(r, 2))
		ONE_OF(r, inx_destroy(data(r)->w.fd, id), ENOENT);
}

static void destroy_ioas(struct racer *r)
{
	ONE_OF(r, inx_destroy(data(r)->w.fd, data(r)->id), ENOENT);
}

static void attach_detach(struct racer *r)
{
	struct fdinfo_data *self = data(r);

	ONE_OF(r, inx_attach_to(self->dev->fd, self->w.ioas));
	ONE_OF(r, inx_detach(self->dev->fd));
}

static void bind_close(struct racer *r)
{
	struct fdinfo_data *self = data(r);
	int fd = inx_mock_open(self->w.mock, self->dev->mock);
	uint32_t id;

	if (!must(r, fd >= 0, "no file of the device"))
		return;
	if (ONE_OF(r, inx_bind(fd, self->w.fd, &id), EINVAL, EBUSY))
		ONE_OF(r, inx_attach_to(fd, self->w.ioas));
	close(fd);
}

TEST_F(fdinfo, beside_maps)
{
	attach(self, self->w.ioas);
	RACE(self, RACE_MS, RACER(read_it), RACER(map_unmap), RACER(map_unmap));
	ASSERT_EQ(0, inx_unmap_all(self->w.fd, self->w.ioas, NULL));
	expect_memory(self, 0, 0);
}

TEST_F(fdinfo, beside_destroy)
{
	RACE(self, RACE_MS, RACER(read_it), RACER(read_it), RACER(make_ioas),
	     RACER(destroy_ioas));
}

TEST_F(fdinfo, beside_attach)
{
	ASSERT_EQ(0, inx_map_at(self->w.fd, self->w.ioas, self->mem, LENGTH,
				IOVA));
	RACE(self, RACE_MS, RACER(read_it), RACER(read_it),
	     RACER(attach_detach));
}

/* The last reference to a device object may be the reader's. */
TEST_F(fdinfo, beside_bind)
{
	world_close_dev(self->dev);
	RACE(self, RACE_MS, RACER(read_it), RACER(read_it), RACER(bind_close));
}

TEST_HARNESS_MAIN
