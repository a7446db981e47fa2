/* What works without rules that berth can read: IPVS and the tables of legacy iptables. */
#include "live/nat-linux.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* As ip_vs_info_seq_show() in Linux prints it. */
#define HEAD                                                                                       \
	"IP Virtual Server version 1.2.1 (size=4096)\n"                                            \
	"Prot LocalAddress:Port Scheduler Flags\n"                                                 \
	"  -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n"

static void test_ipvs(void **state BERTH_UNUSED)
{
	static const char *const with[] = {
		HEAD "TCP  0A000001:0050 rr  \n"
		     "  -> 0A580002:1F90      Masq    1      0          0         \n",
		HEAD "UDP  [2001:0db8:0000:0000:0000:0000:0000:0001]:0035 wlc persistent 300\n",
		HEAD "FWM  00000001 rr  \n",
		HEAD "TCP  0A0000", /* cut where berth stops reading */
	};
	static const char *const without[] = {HEAD, "", "\n", "\n\n\n",
					      "IP Virtual Server version 1.2.1 (size=4096)\n"};

	for (size_t i = 0; i < N_ELEMENTS(with); i++)
		assert_true(nat_has_ipvs_service(with[i]));
	for (size_t i = 0; i < N_ELEMENTS(without); i++)
		assert_false(nat_has_ipvs_service(without[i]));
}

static void test_legacy(void **state BERTH_UNUSED)
{
	static const char *const with[] = {"nat\n", "filter\nnat\n", "nat\nfilter\n", "raw\nnat"};
	static const char *const without[] = {"", "filter\n", "natural\n", "snat\nfilter\n", "\n"};

	for (size_t i = 0; i < N_ELEMENTS(with); i++)
		assert_true(nat_has_legacy_table(with[i]));
	for (size_t i = 0; i < N_ELEMENTS(without); i++)
		assert_false(nat_has_legacy_table(without[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ipvs),
		cmocka_unit_test(test_legacy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
