// SPDX-License-Identifier: GPL-2.0-only
/*
 * The registers of QEMU's "edu" device, as far as they concern DMA and
 * interrupts. A DMA is done by the time the command has been written.
 */
#include <linux/eventfd.h>
#include <linux/mutex.h>

#include "mock.h"

#define EDU_ID 0x00
#define EDU_LIVENESS 0x04
#define EDU_STATUS 0x20
#define EDU_IRQ_STATUS 0x24
#define EDU_IRQ_RAISE 0x60
#define EDU_IRQ_ACK 0x64
#define EDU_DMA_SRC 0x80
#define EDU_DMA_DST 0x88
#define EDU_DMA_COUNT 0x90
#define EDU_DMA_COMMAND 0x98

#define EDU_VERSION 0x010000ed
#define EDU_BUFFER 0x40000
#define EDU_DMA_IRQ 0x100

#define EDU_COMMAND_START BIT(0)
#define EDU_COMMAND_TO_MEMORY BIT(1)
#define EDU_COMMAND_IRQ BIT(2)

/**
 * mock_engine_init() - power on
 * @engine: zeroed
 */
void mock_engine_init(struct mock_engine *engine)
{
	mutex_init(&engine->lock);
}

/**
 * mock_engine_reset() - as after power on, without interrupts
 * @engine: the engine
 */
void mock_engine_reset(struct mock_engine *engine)
{
	mutex_lock(&engine->lock);
	engine->src = 0;
	engine->dst = 0;
	engine->count = 0;
	engine->command = 0;
	engine->fault = IOMMU_NEXT_MOCK_FAULT_NONE;
	engine->fault_iova = 0;
	engine->liveness = 0;
	engine->irq = 0;
	memset(engine->buffer, 0, sizeof(engine->buffer));
	mutex_unlock(&engine->lock);
}

/**
 * mock_engine_set_trigger() - say whom interrupts wake
 * @engine: the engine
 * @fd: an eventfd, or a negative number for nobody
 *
 * Return: 0 or -EBADF, -EINVAL.
 */
int mock_engine_set_trigger(struct mock_engine *engine, int fd)
{
	struct eventfd_ctx *new = NULL, *old;

	if (fd >= 0) {
		new = eventfd_ctx_fdget(fd);
		if (IS_ERR(new))
			return PTR_ERR(new);
	}
	mutex_lock(&engine->lock);
	old = engine->trigger;
	engine->trigger = new;
	mutex_unlock(&engine->lock);
	if (old)
		eventfd_ctx_put(old);
	return 0;
}

static void mock_engine_raise(struct mock_engine *engine, u32 irq)
{
	engine->irq |= irq;
	if (engine->irq && engine->trigger)
		inx_eventfd_signal(engine->trigger);
}

static void mock_engine_start(struct mock_device *mock)
{
	struct mock_engine *engine = &mock->engine;
	bool to_memory = engine->command & EDU_COMMAND_TO_MEMORY;
	u64 own = to_memory ? engine->src : engine->dst;
	u64 iova = to_memory ? engine->dst : engine->src;

	engine->command &= ~EDU_COMMAND_START;
	if (own < EDU_BUFFER || own - EDU_BUFFER > MOCK_BUFFER_SIZE ||
	    engine->count > MOCK_BUFFER_SIZE - (own - EDU_BUFFER))
		return;
	engine->fault = mock_device_dma(mock, 0, iova,
					engine->buffer + (own - EDU_BUFFER),
					engine->count, to_memory,
					&engine->fault_iova);
	if (engine->command & EDU_COMMAND_IRQ)
		mock_engine_raise(engine, EDU_DMA_IRQ);
}

/**
 * mock_engine_read() - read a register
 * @mock: the device
 * @reg: its offset
 *
 * Return: its value; what is not a register reads as 0.
 */
u64 mock_engine_read(struct mock_device *mock, u32 reg)
{
	struct mock_engine *engine = &mock->engine;
	u64 val = 0;

	mutex_lock(&engine->lock);
	switch (reg) {
	case EDU_ID:
		val = EDU_VERSION;
		break;
	case EDU_LIVENESS:
		val = engine->liveness;
		break;
	case EDU_IRQ_STATUS:
		val = engine->irq;
		break;
	case EDU_DMA_SRC:
		val = engine->src;
		break;
	case EDU_DMA_DST:
		val = engine->dst;
		break;
	case EDU_DMA_COUNT:
		val = engine->count;
		break;
	case EDU_DMA_COMMAND:
		val = engine->command;
		break;
	case IOMMU_NEXT_MOCK_REG_FAULT:
		val = engine->fault;
		break;
	case IOMMU_NEXT_MOCK_REG_FAULT_IOVA:
		val = engine->fault_iova;
		break;
	}
	mutex_unlock(&engine->lock);
	return val;
}

/**
 * mock_engine_write() - write a register
 * @mock: the device
 * @reg: its offset; what is not a register, or cannot be written, is ignored
 * @val: the value
 */
void mock_engine_write(struct mock_device *mock, u32 reg, u64 val)
{
	struct mock_engine *engine = &mock->engine;

	mutex_lock(&engine->lock);
	switch (reg) {
	case EDU_LIVENESS:
		engine->liveness = ~(u32)val;
		break;
	case EDU_IRQ_RAISE:
		mock_engine_raise(engine, val);
		break;
	case EDU_IRQ_ACK:
		engine->irq &= ~(u32)val;
		break;
	case EDU_DMA_SRC:
		engine->src = val;
		break;
	case EDU_DMA_DST:
		engine->dst = val;
		break;
	case EDU_DMA_COUNT:
		engine->count = val;
		break;
	case EDU_DMA_COMMAND:
		engine->command = val;
		if (val & EDU_COMMAND_START)
			mock_engine_start(mock);
		break;
	}
	mutex_unlock(&engine->lock);
}
