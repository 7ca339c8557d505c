/* How soon a thread of ours gets a processor. Included by both sides. Linux; elsewhere niceness alone. */
#ifndef CTI_TURN_H
#define CTI_TURN_H

#include <stdint.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What sched_setattr(2) takes; the C library's own name for it is too new to be everywhere. */
typedef struct cti_scheduling {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime_ns, deadline_ns, period_ns;
} cti_scheduling;

/*
 * cti_short_turns has the calling thread, which must be SCHED_OTHER, let in before ordinary ones when it wakes, for
 * turns of turn_ns (0.1 to 100 ms), also where it may not be less nice; kernels before 6.12 know no turns and look at
 * the niceness alone. Threads that it makes are ordinary.
 */
static inline void cti_short_turns(int nice, uint64_t turn_ns)
{
	const uint64_t reset_on_fork = 1;
	if (setpriority(PRIO_PROCESS, 0, nice)) setpriority(PRIO_PROCESS, 0, 0);
	cti_scheduling s = {
		.size = sizeof s, .flags = reset_on_fork, .nice = getpriority(PRIO_PROCESS, 0), .runtime_ns = turn_ns};
	syscall(SYS_sched_setattr, 0, &s, 0); /* a kernel that refuses leaves all as it is */
}

#endif
