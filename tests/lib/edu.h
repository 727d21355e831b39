/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * QEMU's "edu" device (docs/specs/edu.rst there), or a mock device with its
 * registers, behind a VFIO device file. DMA is waited for by its interrupt, or
 * by asking.
 */
#ifndef EDU_H
#define EDU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

#define EDU_START 1
#define EDU_TO_MEMORY 2
#define EDU_WITH_IRQ 4
#define EDU_DMA_IRQ 0x100

/* Its memory. QEMU 7.2 stops the machine when a DMA touches the last byte. */
#define EDU_BUFFER 0x40000
#define EDU_MOST 4095
/* QEMU cuts addresses to 28 bits. */
#define EDU_IOVA_LAST ((1UL << 28) - 1)

/**
 * struct edu - a bound device
 * @fd: the device file
 * @offset: where its registers are in there
 * @size: of that region
 * @bar: the registers, mapped; NULL to read and write them
 * @event: eventfd that its interrupt signals
 * @polled: DMA is to raise no interrupts
 */
struct edu {
	int fd;
	uint64_t offset;
	uint64_t size;
	volatile unsigned char *bar;
	int event;
	bool polled;
};

/* Ends the test when something fails. @irq: VFIO's index of the interrupt. */
void edu_open(struct edu *edu, int fd, unsigned int irq);
void edu_map_bar(struct edu *edu);
/* Let an interrupt of a VFIO device file signal an eventfd. */
void edu_set_trigger(int fd, unsigned int irq, int event);
/* Give up its interrupt and set it up again. */
void edu_renew_irq(struct edu *edu, unsigned int irq);
void edu_close(struct edu *edu);

uint64_t edu_read(struct edu *edu, uint32_t reg, size_t size);
void edu_write(struct edu *edu, uint32_t reg, uint64_t val, size_t size);

/* Wait for an interrupt. */
bool edu_wait(struct edu *edu, int ms);
/* Begin a DMA between the device's memory and @iova. */
void edu_start(struct edu *edu, uint64_t iova, size_t length, bool to_memory);
/* Wait for the end of what was begun, by whoever had the device then. */
void edu_idle(struct edu *edu);
/* Begin one, and wait for its end. Whether it was refused the device does not say. */
void edu_dma(struct edu *edu, uint64_t iova, size_t length, bool to_memory);
/* From memory to memory through the device. */
void edu_copy(struct edu *edu, uint64_t from, uint64_t to, size_t length);
/* Within three pages of 0 that are mapped at @iova, and see that it is there. */
void edu_check_copy(struct edu *edu, unsigned char *mem, uint64_t iova);

#endif
