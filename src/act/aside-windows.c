#include "act/aside.h"

#include <pthread.h>

int aside_run(void *(*work)(void *context), void *context)
{
	pthread_t thread;
	int error = pthread_create(&thread, NULL, work, context);

	if (error == 0)
		pthread_detach(thread);
	return -error;
}
