#include "cli/system.h"

const unsigned int system_lacks = 0;

const char system_name[] = "Linux";
