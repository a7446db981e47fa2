/* The least that a C program can cost: what budget lines are compared with. */
int main(void)
{
	return 0;
}
