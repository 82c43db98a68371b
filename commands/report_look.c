/* The report's style and script, as they stand in their own files: the assembler reads them, as it does the rules. */
#include "commands/report_parts.h"

#define EMBED(name, file) \
	__asm__(".pushsection .rodata\n" \
		".globl sendwatch_" #name "\n" \
		".hidden sendwatch_" #name "\n" \
		"sendwatch_" #name ":\n" \
		".incbin \"" file "\"\n" \
		".byte 0\n" \
		".popsection\n"); \
	extern const char sendwatch_##name[] __attribute__((visibility("hidden")))

EMBED(report_css, "commands/report.css");
EMBED(report_js, "commands/report.js");

const char *report_style(void)
{
	return sendwatch_report_css;
}

const char *report_script(void)
{
	return sendwatch_report_js;
}
