#include "act/trial.h"

const char *trial_step_name(enum trial_step step)
{
	switch (step) {
	case TRIAL_SOCKET:
		return "socket";
	case TRIAL_OPTIONS:
		return "options";
	case TRIAL_DEVICE:
		return "device";
	case TRIAL_BIND:
		return "bind";
	}
	return "bind";
}
