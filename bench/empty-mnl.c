/* The same, with the one library that berth is linked with. */
#include <libmnl/libmnl.h>

int main(int argc, char **argv)
{
	(void)argv;
	return argc > 1000 ? (int)mnl_nlmsg_size(0) : 0;
}
