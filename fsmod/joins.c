#include "commands.h"
#include "legs.h"
#include "module.h"

/*
 * The switch tells that two channels are bridged a moment before they are. The thread of each says then that it is there and
 * looks, once a millisecond, whether the other is. Who is moved on meanwhile is taken for dead and ended, or is brought back
 * into the bridge. A thread that has found the other goes on to read what its phone sends.
 */
enum { JOIN_MS = 500 }; /* where there is nothing to read */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t one_is_over;
static _Atomic int joining; /* channels; while there is none, nobody's frames are looked at */

void cti_joins_open(void)
{
	cti_condition_init(&one_is_over);
}

/* ---- hooks ---- */

void cti_join_begins(switch_core_session_t *session, cti_leg *leg)
{
	if (switch_channel_test_flag(switch_core_session_get_channel(session), CF_PROXY_MODE)) return; /* no thread carries it */
	pthread_mutex_lock(&mutex);
	if (!atomic_exchange(&leg->joins_until_ms, cti_now_ms() + JOIN_MS)) atomic_fetch_add(&joining, 1);
	pthread_mutex_unlock(&mutex);
}

void cti_join_is_over(cti_leg *leg)
{
	if (!atomic_load(&leg->joins_until_ms)) return; /* without the lock, for which all who talk would queue */
	pthread_mutex_lock(&mutex);
	if (atomic_exchange(&leg->joins_until_ms, 0)) {
		atomic_fetch_sub(&joining, 1);
		pthread_cond_broadcast(&one_is_over);
	}
	pthread_mutex_unlock(&mutex);
}

void cti_join_reads(switch_core_session_t *session)
{
	if (!atomic_load_explicit(&joining, memory_order_relaxed)) return;
	switch_channel_t *channel = switch_core_session_get_channel(session);
	cti_leg *leg = cti_leg_of(channel);
	if (leg && switch_channel_test_flag(channel, CF_BRIDGED)) cti_join_is_over(leg);
}

/* ---- on a worker ---- */

static void await_locked(const cti_leg *one, const cti_leg *other)
{
	for (;;) {
		int64_t ones = one ? atomic_load(&one->joins_until_ms) : 0, others = other ? atomic_load(&other->joins_until_ms) : 0;
		int64_t left_ms = (ones > others ? ones : others) - cti_now_ms();
		if (left_ms <= 0 || !cti_live()) return;
		struct timespec until = cti_deadline(left_ms);
		pthread_cond_timedwait(&one_is_over, &mutex, &until);
	}
}

void cti_join_await(switch_core_session_t *session)
{
	char uuid[SWITCH_UUID_FORMATTED_LENGTH + 1];
	switch_channel_t *channel = switch_core_session_get_channel(session);
	bool has_partner = cti_variable(channel, SWITCH_BRIDGE_VARIABLE, uuid, sizeof uuid);
	switch_core_session_t *partner = has_partner ? switch_core_session_locate(uuid) : NULL;
	pthread_mutex_lock(&mutex);
	await_locked(cti_leg_of(channel), partner ? cti_leg_of(switch_core_session_get_channel(partner)) : NULL);
	pthread_mutex_unlock(&mutex);
	if (partner) switch_core_session_rwunlock(partner);
}
