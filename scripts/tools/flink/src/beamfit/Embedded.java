package beamfit;

import java.util.Arrays;
import org.apache.beam.runners.flink.FlinkJobServerDriver;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.GlobalConfiguration;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;

/**
 * Flink's JobManager and TaskManagers and Beam's job server in one process.
 *
 * <p>The job server's own way, --flink-master=[local], starts a cluster for every job, which nobody can ask to cancel it, and which
 * is not found again.
 */
public class Embedded {
  /** Arguments: the folder of the configuration, the number of TaskManagers, and those of the job server. */
  public static void main(String[] args) throws Exception {
    Configuration conf = GlobalConfiguration.loadConfiguration(args[0]);
    MiniCluster cluster =
        new MiniCluster(
            new MiniClusterConfiguration.Builder()
                .setConfiguration(conf)
                .setNumTaskManagers(Integer.parseInt(args[1]))
                .build());
    cluster.start();
    FlinkJobServerDriver.main(Arrays.copyOfRange(args, 2, args.length));
  }
}
