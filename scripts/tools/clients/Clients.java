import java.nio.file.*;
import java.sql.*;

/** MADlib's calls with PostgreSQL's JDBC driver, in its modes: Clients PORT DATABASE ARCH.json */
public class Clients {
  static void check(boolean ok, Object what) {
    if (!ok) throw new IllegalStateException("jdbc: " + what);
  }

  static String one(Connection c, String sql) throws SQLException {
    try (Statement s = c.createStatement(); ResultSet r = s.executeQuery(sql)) {
      r.next();
      return r.getString(1);
    }
  }

  static void drop(Connection c) throws SQLException {
    try (Statement s = c.createStatement()) {
      s.execute("DROP TABLE IF EXISTS packed, packed_summary, arch, model, model_summary, evaluated, predicted, lasting");
    }
  }

  static void calls(Connection c, String arch, boolean auto) throws Exception {
    drop(c);
    try (Statement s = c.createStatement()) {
      s.execute("SELECT madlib.training_preprocessor_dl('iris','packed','class_text','attributes'); SELECT count(*) FROM packed");
      check(s.getMoreResults(), "one result only");
    }
    try (PreparedStatement p = c.prepareStatement("SELECT madlib.load_keras_model(?, ?::json, ?, ?)")) {
      p.setString(1, "arch");
      p.setString(2, arch);
      p.setNull(3, Types.BINARY);
      p.setString(4, "it's a name");
      p.execute();
    }
    try (PreparedStatement p = c.prepareStatement("SELECT madlib.madlib_keras_fit(?,?,?,?,?,?,?)")) {
      p.setString(1, "packed");
      p.setString(2, "model");
      p.setString(3, "arch");
      p.setInt(4, 1);
      p.setString(5, "loss='categorical_crossentropy', optimizer='adam'");
      p.setNull(6, Types.VARCHAR);
      p.setInt(7, 3);
      p.executeQuery();
      check(p.getWarnings() != null && p.getWarnings().getMessage().contains("iteration 3 of 3"), p.getWarnings());
    }
    try (CallableStatement p = c.prepareCall("{call madlib.madlib_keras_evaluate(?,?,?)}")) {
      p.setString(1, "model");
      p.setString(2, "packed");
      p.setString(3, "evaluated");
      p.execute();
    }
    for (int i = 0; i < 7; i++) {
      try (Statement s = c.createStatement()) {
        s.execute("DROP TABLE IF EXISTS predicted");
      }
      try (PreparedStatement p = c.prepareStatement("SELECT madlib.madlib_keras_predict(?,?,?,?,?,?)")) {
        p.setFetchSize(10);
        String[] names = {"model", "iris", "id", "attributes", "predicted"};
        for (int k = 0; k < names.length; k++) p.setString(k + 1, names[k]);
        p.setInt(6, 2);
        p.executeQuery();
      }
      check(one(c, "SELECT count(*) FROM predicted").equals("300"), "rows");
    }
    Savepoint before = auto ? null : c.setSavepoint();
    try (Statement s = c.createStatement()) {
      s.execute("SELECT madlib.madlib_keras_evaluate('nothing','packed','e')");
      check(false, "no error");
    } catch (SQLException e) {
      check("42P01".equals(e.getSQLState()), e);
    }
    if (before != null) c.rollback(before);
    check(one(c, "SELECT count(*) FROM evaluated").equals("1"), "evaluated");
    try (Statement s = c.createStatement()) {
      Thread t = new Thread(() -> {
        try {
          Thread.sleep(700);
          s.cancel();
        } catch (Exception e) {
          throw new IllegalStateException(e);
        }
      });
      t.start();
      s.execute("SELECT madlib.madlib_keras_fit('packed','lasting','arch',1,'loss=''categorical_crossentropy'', optimizer=''adam''','epochs=50',1000000)");
      check(false, "not cancelled");
    } catch (SQLException e) {
      check("57014".equals(e.getSQLState()), e);
    }
    if (!auto) {
      c.rollback();
      check(one(c, "SELECT to_regclass('model')") == null, "tables outlive the rollback");
      c.rollback();
    }
  }

  public static void main(String[] a) throws Exception {
    String arch = new String(Files.readAllBytes(Paths.get(a[2])));
    for (String mode : new String[] {"", "&preferQueryMode=simple", "&prepareThreshold=1&binaryTransfer=true", "&autosave=always"})
      for (boolean auto : new boolean[] {true, false})
        try (Connection c = DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + a[0] + "/" + a[1] + "?user=postgres&sslmode=disable" + mode)) {
          c.setAutoCommit(auto);
          try {
            calls(c, arch, auto);
          } catch (Exception e) {
            throw new IllegalStateException("jdbc" + mode + ", autocommit " + auto + ": " + e.getMessage(), e);
          }
          if (auto) drop(c);
        }
  }
}
