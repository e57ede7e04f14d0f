package org.farshore.control.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class DemoOptionsTest {
    @Test
    void shouldRunAMinuteOnOneDiskOfAGibibyteByDefault() {
        final DemoOptions options = parse();

        assertThat(options.seconds).isEqualTo(60);
        assertThat(options.size).isEqualTo(1L << 30);
        assertThat(options.volumes).isEqualTo(1);
        assertThat(options.capture).isEqualTo(DemoOptions.Capture.AUTO);
        assertThat(options.noKill).isFalse();
        assertThat(options.complaint()).isEmpty();
    }

    @Test
    void shouldTakeEveryOption() {
        final DemoOptions options = parse(
                "--seconds",
                "30",
                "--size=512m",
                "--volumes",
                "2",
                "--capture",
                "scan",
                "--no-kill",
                "--json",
                "--keep",
                "/kept");

        assertThat(options.seconds).isEqualTo(30);
        assertThat(options.size).isEqualTo(512L << 20);
        assertThat(options.volumes).isEqualTo(2);
        assertThat(options.capture).isEqualTo(DemoOptions.Capture.SCAN);
        assertThat(options.noKill).isTrue();
        assertThat(options.json).isTrue();
        assertThat(options.keep).isEqualTo(Path.of("/kept"));
        assertThat(options.complaint()).isEmpty();
    }

    @Test
    void shouldRefuseWhatItDoesNotUnderstand() {
        assertThatThrownBy(() -> parse("--size", "much")).hasMessageContaining("is no size");
        assertThatThrownBy(() -> parse("--capture", "magic")).hasMessageContaining("ebpf, scan, auto");
        assertThatThrownBy(() -> parse("--sead", "1")).hasMessageContaining("--sead");
    }

    @Test
    void shouldComplainOfValuesThatMakeNoSense() {
        assertThat(parse("--seconds", "1").complaint()).contains("--seconds");
        assertThat(parse("--size", "1m").complaint()).contains("--size");
        assertThat(parse("--volumes", "0").complaint()).contains("--volumes");
        assertThat(parse("--erase").complaint()).contains("--device");
        assertThat(parse("--device", "sdx").complaint()).contains("full path");
        assertThat(parse("--device", "/dev/sdx", "--volumes", "2").complaint()).contains("one volume");
    }

    @Test
    void shouldCutSizesToWholeMebibytes() {
        assertThat(parse("--size", "100000k").size).isEqualTo(97L << 20);
    }

    private static DemoOptions parse(final String... arguments) {
        final DemoOptions options = new DemoOptions();
        new CommandLine(CommandLine.Model.CommandSpec.create()
                        .addMixin("options", CommandLine.Model.CommandSpec.forAnnotatedObject(options)))
                .parseArgs(arguments);
        return options;
    }
}
