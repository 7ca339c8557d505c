/*
 * cti_outbox.h - what the engine has to say on the switch's event bus, on its way to the host's thread that fires it.
 *
 * One producer at a time, one consumer, one piece of memory, allocated once. The producer never blocks, and makes no
 * call unless the consumer sleeps: a call into C by an otherwise idle process would wake a thread of Go's runtime, and a
 * lock would have the consumer run into it as it wakes. What finds no room is refused. Included by the host, which owns
 * the box and consumes. The engine produces in Go by the same rules (cgo/outbox.go), and checks the layout against this
 * file when it is compiled.
 */
#ifndef CTI_OUTBOX_H
#define CTI_OUTBOX_H

#include "cti.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* An event in the box, or what is left free at the end of the memory because the next one did not fit there. */
typedef struct cti_boxed {
	uint64_t seq;
	uint32_t bytes;  /* all of it, a multiple of 16 */
	uint32_t filler; /* 1: only room */
	char texts[];    /* the seven of cti_fired, in its order, each ended by NUL */
} cti_boxed;

typedef struct cti_outbox {
	_Alignas(64) _Atomic uint64_t put;   /* bytes ever put in; the producer's to write */
	_Alignas(64) _Atomic uint64_t taken; /* bytes ever taken out; the consumer's to write */
	_Alignas(64) _Atomic uint32_t sleeps; /* 1: the consumer waits for event_fd; who makes it 0 writes to that */
	int event_fd;
	uint64_t mask; /* bytes of memory - 1 */
	char *memory;
} cti_outbox;

/* cti_outbox_new makes a box of at least so many bytes (a power of two); NULL when memory or descriptors ran out. */
static inline cti_outbox *cti_outbox_new(uint64_t size)
{
	uint64_t bytes = 4096;
	while (bytes < size) bytes *= 2;
	cti_outbox *box = aligned_alloc(64, sizeof *box);
	if (!box) return NULL;
	memset(box, 0, sizeof *box);
	box->mask = bytes - 1;
	box->memory = aligned_alloc(64, bytes);
	box->event_fd = eventfd(0, EFD_CLOEXEC);
	if (!box->memory || box->event_fd < 0) {
		if (box->event_fd >= 0) close(box->event_fd);
		free(box->memory);
		free(box);
		return NULL;
	}
	return box;
}

static inline void cti_outbox_free(cti_outbox *box)
{
	if (!box) return;
	close(box->event_fd);
	free(box->memory);
	free(box);
}

/* ---- the producer ---- */

/* cti_outbox_wake has cti_outbox_wait return, the one under way or the next. Any thread. */
static inline void cti_outbox_wake(cti_outbox *box)
{
	uint64_t one = 1;
	ssize_t written = write(box->event_fd, &one, sizeof one);
	(void)written;
}

/* cti_outbox_put copies the event into the box: 0 or CTI_EFULL. */
static inline int cti_outbox_put(cti_outbox *box, const cti_fired *fired)
{
	const char *texts[] = {fired->message_id, fired->call_id,    fired->party_id, fired->this_dn,
	                       fired->agent_uuid, fired->company_id, fired->body};
	uint64_t bytes = sizeof(cti_boxed), put = atomic_load_explicit(&box->put, memory_order_relaxed);
	for (int i = 0; i < 7; i++) bytes += strlen(texts[i]) + 1;
	bytes = (bytes + 15) & ~(uint64_t)15;
	uint64_t rest = box->mask + 1 - (put & box->mask), skip = rest < bytes ? rest : 0;
	if (put + skip + bytes - atomic_load_explicit(&box->taken, memory_order_acquire) > box->mask + 1) return CTI_EFULL;
	cti_boxed *boxed = (cti_boxed *)(box->memory + (put & box->mask));
	if (skip) {
		*boxed = (cti_boxed){.bytes = (uint32_t)skip, .filler = 1};
		boxed = (cti_boxed *)box->memory;
	}
	*boxed = (cti_boxed){.seq = fired->seq, .bytes = (uint32_t)bytes};
	char *at = boxed->texts;
	for (int i = 0; i < 7; i++) at = stpcpy(at, texts[i]) + 1;
	atomic_store(&box->put, put + skip + bytes);
	if (atomic_exchange(&box->sleeps, 0)) cti_outbox_wake(box);
	return 0;
}

/* ---- the consumer ---- */

/* cti_outbox_take gives the room of the oldest event back. */
static inline void cti_outbox_take(cti_outbox *box)
{
	uint64_t taken = atomic_load_explicit(&box->taken, memory_order_relaxed);
	const cti_boxed *boxed = (const cti_boxed *)(box->memory + (taken & box->mask));
	atomic_store_explicit(&box->taken, taken + boxed->bytes, memory_order_release);
}

/*
 * cti_outbox_next tells the oldest event, whose texts are valid until cti_outbox_take; false when there is none.
 */
static inline bool cti_outbox_next(cti_outbox *box, cti_fired *fired)
{
	for (;; cti_outbox_take(box)) {
		uint64_t taken = atomic_load_explicit(&box->taken, memory_order_relaxed);
		if (taken == atomic_load_explicit(&box->put, memory_order_acquire)) return false;
		const cti_boxed *boxed = (const cti_boxed *)(box->memory + (taken & box->mask));
		if (boxed->filler) continue;
		const char **texts[] = {&fired->message_id, &fired->call_id,    &fired->party_id, &fired->this_dn,
		                        &fired->agent_uuid, &fired->company_id, &fired->body};
		const char *at = boxed->texts;
		for (int i = 0; i < 7; i++) {
			*texts[i] = at;
			at += strlen(at) + 1;
		}
		fired->seq = boxed->seq;
		return true;
	}
}

/* cti_outbox_wait returns when there is an event, or when it was woken. */
static inline void cti_outbox_wait(cti_outbox *box)
{
	uint64_t wakes, taken = atomic_load_explicit(&box->taken, memory_order_relaxed);
	atomic_store(&box->sleeps, 1);
	if (atomic_load(&box->put) == taken) {
		ssize_t got = read(box->event_fd, &wakes, sizeof wakes);
		(void)got; /* a signal wakes it for nothing */
	}
	atomic_store(&box->sleeps, 0);
}

#endif
