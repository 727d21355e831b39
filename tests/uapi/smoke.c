// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next,iommu_next_mock */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <fcntl.h>
#include "inx.h"
#include "tap.h"

TEST(all)
{
	int fd = inx_open(), mock = open(INX_MOCK_NODE, O_RDWR);
	uint32_t ioas, dev, pt, id;
	char *mem = inx_alloc(4 << 20);
	char buf[64] = "hello", got[64] = {};
	struct iommu_next_mock_stats st;
	uint64_t n;
	int d;

	ASSERT_GE(fd, 0); ASSERT_GE(mock, 0);
	d = inx_mock_device(mock, NULL, &id);
	ASSERT_GE(d, 0);
	ASSERT_EQ(0, inx_bind(d, fd, &dev));
	ASSERT_EQ(0, inx_ioas_alloc(fd, &ioas));
	ASSERT_EQ(0, inx_map_at(fd, ioas, mem, 4 << 20, 0x1000000));
	ASSERT_EQ(0, inx_status_kb("VmPin"));
	pt = ioas;
	ASSERT_EQ(0, inx_attach(d, &pt));
	ASSERT_EQ(4096, inx_status_kb("VmPin"));
	ASSERT_EQ(2, inx_mock_write(d, 0xffffff, buf, 64));
	ASSERT_EQ(0, inx_mock_write(d, 0x1001000, buf, 64));
	ASSERT_EQ(0, memcmp(mem + 0x1000, buf, 64));
	ASSERT_EQ(0, inx_mock_read(d, 0x1001000, got, 64));
	ASSERT_EQ(0, memcmp(got, buf, 64));
	ASSERT_EQ(0, inx_mock_stats(mock, id, &st));
	TH_LOG("pages %llu bytes %llu maps %llu", st.pages, st.bytes, st.map_calls);
	ASSERT_EQ(0, inx_unmap(fd, ioas, 0x1000000, 4 << 20, &n));
	ASSERT_EQ(4 << 20, n);
	ASSERT_EQ(0, inx_status_kb("VmPin"));
	ASSERT_EQ(2, inx_mock_read(d, 0x1001000, got, 64));
	ASSERT_EQ(0, inx_mock_stats(mock, id, &st));
	ASSERT_EQ(0, st.bytes);
	close(d);
	close(fd);
	close(mock);
}
TEST_HARNESS_MAIN
