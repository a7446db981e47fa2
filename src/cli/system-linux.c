#include "cli/system.h"

const unsigned int system_lacks = 0;

const char system_bind_denied[] = "needs a privilege to bind";

const char system_name[] = "Linux";
