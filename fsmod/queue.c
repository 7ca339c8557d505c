#include "module.h"

size_t cti_text_bytes(const char *text)
{
	return text ? strlen(text) + 1 : 1;
}

char *cti_text_put(char **at, const char *text)
{
	char *here = *at;
	strcpy(here, text ? text : "");
	*at += strlen(here) + 1;
	return here;
}

struct cti_queue {
	pthread_mutex_t mutex;
	pthread_cond_t filled;
	uint32_t size, head, count;
	bool closed;
	void *items[];
};

cti_queue *cti_queue_new(uint32_t size)
{
	cti_queue *queue = calloc(1, sizeof *queue + size * sizeof *queue->items);
	if (!queue) return NULL;
	pthread_mutex_init(&queue->mutex, NULL);
	pthread_cond_init(&queue->filled, NULL);
	queue->size = size;
	return queue;
}

bool cti_queue_push(cti_queue *queue, void *item)
{
	pthread_mutex_lock(&queue->mutex);
	bool room = !queue->closed && queue->count < queue->size;
	if (room) {
		queue->items[(queue->head + queue->count++) % queue->size] = item;
		pthread_cond_signal(&queue->filled);
	}
	pthread_mutex_unlock(&queue->mutex);
	return room;
}

void *cti_queue_pop(cti_queue *queue)
{
	void *item = NULL;
	pthread_mutex_lock(&queue->mutex);
	while (!queue->count && !queue->closed) pthread_cond_wait(&queue->filled, &queue->mutex);
	if (queue->count) {
		item = queue->items[queue->head];
		queue->head = (queue->head + 1) % queue->size;
		queue->count--;
	}
	pthread_mutex_unlock(&queue->mutex);
	return item;
}

void cti_queue_close(cti_queue *queue)
{
	pthread_mutex_lock(&queue->mutex);
	queue->closed = true;
	pthread_cond_broadcast(&queue->filled);
	pthread_mutex_unlock(&queue->mutex);
}

void cti_queue_reopen(cti_queue *queue)
{
	pthread_mutex_lock(&queue->mutex);
	queue->closed = false;
	pthread_mutex_unlock(&queue->mutex);
}

uint32_t cti_queue_count(cti_queue *queue)
{
	pthread_mutex_lock(&queue->mutex);
	uint32_t count = queue->count;
	pthread_mutex_unlock(&queue->mutex);
	return count;
}

void cti_queue_free(cti_queue *queue)
{
	if (!queue) return;
	cti_queue_close(queue);
	for (void *item; (item = cti_queue_pop(queue));) free(item);
	pthread_cond_destroy(&queue->filled);
	pthread_mutex_destroy(&queue->mutex);
	free(queue);
}
