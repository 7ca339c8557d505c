#include "module.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The signals that a fault of the thread itself raises stay; all others belong to the switch's threads. */
static void asynchronous_signals(sigset_t *signals)
{
	static const int synchronous[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS, SIGPROF, SIGURG};
	sigfillset(signals);
	for (size_t i = 0; i < sizeof synchronous / sizeof *synchronous; i++) sigdelset(signals, synchronous[i]);
}

typedef struct thread_start {
	void *(*run)(void *);
	cti_turn turn;
	char name[16];
} thread_start;

/* What sched_setattr(2) takes; the C library's own name for it is too new to be everywhere. */
typedef struct scheduling {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime_ns, deadline_ns, period_ns;
} scheduling;

/*
 * On Linux: of this thread alone, and of those that it makes. When both legs of a call end, their threads hold the processors
 * just when we have something to tell. A thread whose turns are short is let in at once when it wakes, also where it may
 * not be less nice; kernels before 6.12 know no turns and look at the niceness alone. The switch's real-time threads stay
 * ahead in any case.
 */
static void take_turns(cti_turn turn)
{
	if (turn == CTI_ORDINARY || setpriority(PRIO_PROCESS, 0, CTI_SOON_NICE)) setpriority(PRIO_PROCESS, 0, 0);
	if (turn == CTI_ORDINARY) return;
	const uint64_t reset_on_fork = 1;
	scheduling s = {.size = sizeof s,
	                .flags = turn == CTI_SOON_ALONE ? reset_on_fork : 0,
	                .nice = getpriority(PRIO_PROCESS, 0),
	                .runtime_ns = CTI_SOON_TURN_NS};
	syscall(SYS_sched_setattr, 0, &s, 0); /* a kernel that refuses leaves all as it is */
}

static void *begin(void *arg)
{
	thread_start start = *(thread_start *)arg;
	free(arg);
	pthread_setname_np(pthread_self(), start.name);
	take_turns(start.turn);
	/* While a commit waits for the disk, Go's monitor wakes each 20 us to see whether it is done. */
	if (start.turn == CTI_SOON) prctl(PR_SET_TIMERSLACK, CTI_TIMER_SLACK_NS, 0, 0, 0);
	return start.run(NULL);
}

static int create(pthread_t *thread, size_t stack_bytes, thread_start *start)
{
	pthread_attr_t attributes;
	struct sched_param no_priority = {0};
	int result = pthread_attr_init(&attributes);
	if (result) return result;
	pthread_attr_setinheritsched(&attributes, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(&attributes, SCHED_OTHER);
	pthread_attr_setschedparam(&attributes, &no_priority);
	pthread_attr_setstacksize(&attributes, stack_bytes);
	result = pthread_create(thread, &attributes, begin, start);
	pthread_attr_destroy(&attributes);
	return result;
}

bool cti_thread_start(pthread_t *thread, const char *name, size_t stack_bytes, cti_turn turn,
                      void *(*run)(void *))
{
	sigset_t blocked, before;
	thread_start *start = calloc(1, sizeof *start);
	if (!start) return false;
	start->run = run;
	start->turn = turn;
	switch_copy_string(start->name, name, sizeof start->name);
	asynchronous_signals(&blocked);
	pthread_sigmask(SIG_BLOCK, &blocked, &before);
	int result = create(thread, stack_bytes, start);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (result) free(start);
	return result == 0;
}

struct timespec cti_deadline(int64_t ms)
{
	struct timespec at;
	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += ms / 1000;
	at.tv_nsec += ms % 1000 * 1000000;
	if (at.tv_nsec >= 1000000000) {
		at.tv_sec++;
		at.tv_nsec -= 1000000000;
	}
	return at;
}

void cti_condition_init(pthread_cond_t *condition)
{
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(condition, &attributes);
	pthread_condattr_destroy(&attributes);
}

int64_t cti_now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void cti_sleep_ms(int64_t ms)
{
	struct timespec at = cti_deadline(ms);
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR) continue;
}
