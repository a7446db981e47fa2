/*
 * mkschema OUT FILE...: the steps of a database schema as C strings, `store_schema[]`, in the order
 * of the files. A build-time program, never run by hand.
 */
#include <stdio.h>
#include <stdlib.h>

static void write_quoted(FILE *out, int c)
{
	if (c == '\n')
		fputs("\\n\"\n\t\"", out);
	else if (c == '\t')
		fputs("\\t", out);
	else if (c == '"' || c == '\\')
		fprintf(out, "\\%c", c);
	else
		fputc(c, out);
}

static int write_step(FILE *out, const char *path)
{
	FILE *in = fopen(path, "r");
	int c;

	if (!in) {
		perror(path);
		return -1;
	}
	fputs("\t\"", out);
	while ((c = fgetc(in)) != EOF)
		write_quoted(out, c);
	fputs("\",\n", out);
	return ferror(in) | fclose(in) ? -1 : 0;
}

int main(int argc, char **argv)
{
	FILE *out = argc > 2 ? fopen(argv[1], "w") : NULL;

	if (!out) {
		perror(argc > 2 ? argv[1] : "usage: mkschema OUT FILE...");
		return EXIT_FAILURE;
	}
	fputs("/* Made by mkschema from the steps of the schema. */\n"
	      "static const char *const store_schema[] = {\n", out);
	for (int i = 2; i < argc; i++) {
		if (write_step(out, argv[i]) < 0) {
			fclose(out);
			return EXIT_FAILURE;
		}
	}
	fputs("};\n", out);
	return fclose(out) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
