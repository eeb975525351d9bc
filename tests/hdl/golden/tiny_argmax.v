
module tiny_argmax(scores_in, class_index, scores, clk);
  wire \$1 ;
  output [1:0] class_index;
  reg [1:0] class_index = 2'h0;
  input clk;
  wire clk;
  wire round1_0_index;
  reg round1_0_index_register = 1'h0;
  wire round1_0_right_wins;
  wire [2:0] round1_0_score;
  reg [2:0] round1_0_score_register = 3'h0;
  reg [2:0] round1_1_score_register = 3'h0;
  wire [1:0] round2_0_index;
  (* init = 2'h0 *)
  wire [1:0] round2_0_index_register;
  wire round2_0_right_wins;
  wire [2:0] round2_0_score;
  output [8:0] scores;
  reg [8:0] scores = 9'h000;
  reg [8:0] scores_after_round1 = 9'h000;
  (* init = 9'h000 *)
  wire [8:0] scores_after_round2;
  input [8:0] scores_in;
  wire [8:0] scores_in;
  always @(posedge clk)
    scores_after_round1 <= scores_in;
  always @(posedge clk)
    class_index <= { round2_0_right_wins, \$1  };
  always @(posedge clk)
    scores <= scores_after_round1;
  assign round1_0_right_wins = $signed(scores_in[5:3]) > $signed(scores_in[2:0]);
  assign round1_0_score = round1_0_right_wins ? scores_in[5:3] : scores_in[2:0];
  assign round2_0_right_wins = $signed(round1_1_score_register) > $signed(round1_0_score_register);
  assign round2_0_score = round2_0_right_wins ? round1_1_score_register : round1_0_score_register;
  assign \$1  = round2_0_right_wins ? 1'h0 : round1_0_index_register;
  always @(posedge clk)
    round1_0_index_register <= round1_0_right_wins;
  always @(posedge clk)
    round1_0_score_register <= round1_0_score;
  always @(posedge clk)
    round1_1_score_register <= scores_in[8:6];
  assign round1_0_index = round1_0_right_wins;
  assign round2_0_index = { round2_0_right_wins, \$1  };
  assign round2_0_index_register = class_index;
  assign scores_after_round2 = scores;
endmodule
