/*
 * cti_ring.h - the ring between the switch's threads and the engine's one reader.
 *
 * Many producers, one consumer, fixed slots, allocated once. A producer never blocks, locks or allocates: when the ring
 * is full the record is counted as lost, and the reader asks for the live session table instead. Included by the host,
 * which owns the ring and produces. The engine consumes in Go by the same rules (cgo/ring.go), and checks the layout
 * against this file when it is compiled.
 *
 * The slots follow Vyukov's bounded queue: a slot's turn tells whether it is free for lap n or filled in lap n.
 */
#ifndef CTI_RING_H
#define CTI_RING_H

#include "cti.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

typedef struct cti_slot {
	_Atomic uint64_t turn;
	cti_record record;
} cti_slot;

typedef struct cti_ring {
	_Alignas(64) _Atomic uint64_t tail; /* next position to fill */
	_Alignas(64) uint64_t head;         /* next position to read; the consumer's alone */
	_Alignas(64) _Atomic uint32_t signalled; /* 1: the reader has been woken and has not yet begun to drain */
	_Atomic uint64_t lost;
	uint64_t mask;
	int event_fd;
	cti_slot *slots;
} cti_ring;

/* cti_ring_new makes a ring of at least size slots (a power of two); NULL when memory or descriptors ran out. */
static inline cti_ring *cti_ring_new(uint64_t size)
{
	uint64_t slots = 64;
	while (slots < size) slots *= 2;
	cti_ring *ring = aligned_alloc(64, sizeof *ring);
	if (!ring) return NULL;
	memset(ring, 0, sizeof *ring);
	ring->mask = slots - 1;
	ring->slots = calloc(slots, sizeof *ring->slots);
	ring->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (!ring->slots || ring->event_fd < 0) {
		if (ring->event_fd >= 0) close(ring->event_fd);
		free(ring->slots);
		free(ring);
		return NULL;
	}
	for (uint64_t i = 0; i < slots; i++) atomic_init(&ring->slots[i].turn, i);
	return ring;
}

static inline void cti_ring_free(cti_ring *ring)
{
	if (!ring) return;
	close(ring->event_fd);
	free(ring->slots);
	free(ring);
}

/* cti_ring_wake wakes the reader, once for any number of records. */
static inline void cti_ring_wake(cti_ring *ring)
{
	if (!atomic_exchange_explicit(&ring->signalled, 1, memory_order_acq_rel)) {
		uint64_t one = 1;
		ssize_t written = write(ring->event_fd, &one, sizeof one);
		(void)written; /* nobody reads the counter, which 2^64 wakes would fill */
	}
}

/*
 * cti_ring_push copies the record into the ring; false means full, and counted. wake = false leaves a record that
 * tells nobody anything yet (a leg created, a leg destroyed) to be read with the next that does.
 */
static inline bool cti_ring_push(cti_ring *ring, const cti_record *record, bool wake)
{
	uint64_t at = atomic_load_explicit(&ring->tail, memory_order_relaxed);
	cti_slot *slot;
	for (;;) {
		slot = &ring->slots[at & ring->mask];
		int64_t lead = (int64_t)(atomic_load_explicit(&slot->turn, memory_order_acquire) - at);
		if (lead == 0) {
			if (atomic_compare_exchange_weak_explicit(&ring->tail, &at, at + 1, memory_order_relaxed,
			                                          memory_order_relaxed))
				break;
		} else if (lead < 0) {
			atomic_fetch_add_explicit(&ring->lost, 1, memory_order_relaxed);
			cti_ring_wake(ring);
			return false;
		} else {
			at = atomic_load_explicit(&ring->tail, memory_order_relaxed);
		}
	}
	memcpy(&slot->record, record, offsetof(cti_record, text) + record->text_len);
	atomic_store_explicit(&slot->turn, at + 1, memory_order_release);
	if (wake) cti_ring_wake(ring);
	return true;
}

/* cti_ring_drain copies up to max records out, in order, and returns how many. One consumer only. */
static inline int cti_ring_drain(cti_ring *ring, cti_record *out, int max)
{
	int count = 0;
	while (count < max) {
		cti_slot *slot = &ring->slots[ring->head & ring->mask];
		if (atomic_load_explicit(&slot->turn, memory_order_acquire) != ring->head + 1) break;
		memcpy(&out[count], &slot->record, offsetof(cti_record, text) + slot->record.text_len);
		atomic_store_explicit(&slot->turn, ring->head + ring->mask + 1, memory_order_release);
		ring->head++;
		count++;
	}
	return count;
}

/* cti_ring_lost: how many records found no room since the ring was made. Any thread. */
static inline uint64_t cti_ring_lost(cti_ring *ring)
{
	return atomic_load_explicit(&ring->lost, memory_order_relaxed);
}

/* cti_ring_room: are want slots (at most half of the ring) free? It may be otherwise a moment later. Any thread. */
static inline bool cti_ring_room(cti_ring *ring, uint64_t want)
{
	uint64_t at = atomic_load_explicit(&ring->tail, memory_order_relaxed) + want;
	uint64_t turn = atomic_load_explicit(&ring->slots[at & ring->mask].turn, memory_order_acquire);
	return (int64_t)(turn - at) >= 0;
}

/* cti_ring_tail is the position of the next record, cti_ring_has_read tells whether all before it were read. Any thread. */
static inline uint64_t cti_ring_tail(cti_ring *ring)
{
	return atomic_load_explicit(&ring->tail, memory_order_relaxed);
}

static inline bool cti_ring_has_read(cti_ring *ring, uint64_t tail)
{
	if (!tail) return true;
	uint64_t turn = atomic_load_explicit(&ring->slots[(tail - 1) & ring->mask].turn, memory_order_acquire);
	return (int64_t)(turn - (tail + ring->mask)) >= 0;
}

/*
 * cti_leg_id turns a channel's uuid into 16 bytes: its value where it is a canonical uuid, else two FNV-1a hashes of it.
 * engine.LegIDOf computes the same.
 */
static inline void cti_leg_id(const char *uuid, uint8_t id[16])
{
	static const signed char dash_at[] = {8, 13, 18, 23};
	size_t length = strlen(uuid);
	if (length == 36) {
		int nibbles = 0, dash = 0;
		for (size_t i = 0; i < 36; i++) {
			char c = uuid[i];
			if (dash < 4 && i == (size_t)dash_at[dash]) {
				if (c != '-') break;
				dash++;
				continue;
			}
			int v = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
			if (v < 0) break;
			if (nibbles & 1) id[nibbles / 2] |= (uint8_t)v;
			else id[nibbles / 2] = (uint8_t)(v << 4);
			nibbles++;
		}
		if (nibbles == 32) return;
	}
	uint64_t a = 0xcbf29ce484222325u, b = 0x9ae16a3b2f90404fu;
	for (size_t i = 0; i < length; i++) {
		a = (a ^ (uint8_t)uuid[i]) * 0x100000001b3u;
		b = (b ^ (uint8_t)uuid[i]) * 0x100000001b3u;
	}
	for (int i = 0; i < 8; i++) {
		id[i] = (uint8_t)(a >> (56 - 8 * i));
		id[8 + i] = (uint8_t)(b >> (56 - 8 * i));
	}
}

#endif
