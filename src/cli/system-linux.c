#include "cli/system.h"

#include "base/lang.h"

const unsigned int system_lacks = 0;

const char system_bind_denied[] = N_("needs a privilege to bind");

const char system_name[] = "Linux";
