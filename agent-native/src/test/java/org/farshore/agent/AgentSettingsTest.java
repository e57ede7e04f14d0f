package org.farshore.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Properties;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.runtime.Settings;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AgentSettingsTest {
    @Test
    void hasDefaultsForEverythingButTheVolumes() {
        final AgentSettings settings = read("volume.data", "/dev/null");
        assertThat(settings.dataDirectory()).isEqualTo(Path.of("/var/lib/farshore/agent"));
        assertThat(settings.processServer()).isEqualTo("127.0.0.1:9443");
        assertThat(settings.capture()).isEqualTo("auto");
        assertThat(settings.ringLength()).isEqualTo(128 << 20);
        assertThat(settings.copyBytesPerSecond()).isZero();
        assertThat(settings.barrierIntervalNs()).isEqualTo(1_000_000_000L);
        assertThat(settings.scanPauseNs()).isEqualTo(1_000_000_000L);
        assertThat(settings.bpfDirectory()).isEqualTo(Path.of("/sys/fs/bpf/farshore"));
        assertThat(settings.volumes()).containsOnlyKeys("data").containsValue(Path.of("/dev/null"));
    }

    @ParameterizedTest
    @CsvSource({
        "ring.length, 3m, power of two",
        "ring.length, 512k, must lie between",
        "ring.length, 1g, must lie between",
        "process-server, somewhere, host:port",
        "capture, kprobe, must be one of",
        "barrier.interval, 1ms, must lie between",
        "volume.a/b, /dev/null, letters",
        "volume., /dev/null, letters"
    })
    void refusesWhatMakesNoSense(final String key, final String value, final String complaint) {
        assertThatThrownBy(() -> read("volume.data", "/dev/null", key, value))
                .isInstanceOfSatisfying(
                        FarshoreException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.CONFIGURATION))
                .hasMessageContaining("farshore.agent." + key)
                .hasMessageContaining(complaint);
    }

    @Test
    void refusesToStartWithoutAVolume() {
        assertThatThrownBy(AgentSettingsTest::read).hasMessageContaining("farshore.agent.volume.");
    }

    private static AgentSettings read(final String... pairs) {
        final Properties properties = new Properties();
        for (int i = 0; i < pairs.length; i += 2) {
            properties.setProperty("farshore.agent." + pairs[i], pairs[i + 1]);
        }
        return new AgentSettings(Settings.load("agent", null, properties));
    }
}
